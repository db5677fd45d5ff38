import { useQuery } from '@tanstack/react-query';
import type { LogChunk } from '@/api/contract';
import { Card } from '@/design/Layout';
import { Empty } from '@/design/Notice';
import { At } from '@/design/Values';
import { useApi } from '@/parts/connection';
import { Loaded } from '@/parts/Loaded';
import styles from './logs.module.css';
import { logsQuery } from './queries';
import { useShownInstance } from './useShownInstance';

export function LogsPart() {
  const instance = useShownInstance();
  const logs = useQuery(logsQuery(useApi(), instance.id, instance.state));
  return (
    <Card title="What its machines wrote" aside="the newest first, kept for a week">
      <Loaded query={logs} what="the logs">
        {({ items }) => <Logs chunks={items} />}
      </Loaded>
    </Card>
  );
}

function Logs({ chunks }: { readonly chunks: readonly LogChunk[] }) {
  if (chunks.length === 0) {
    return (
      <Empty title="Nothing was written yet">
        <p>What the start lines and the agent print shows here.</p>
      </Empty>
    );
  }
  return chunks.map((chunk) => (
    <div key={chunk.rental_id + chunk.at + chunk.text.slice(0, 40)} className={styles.chunk}>
      <At at={chunk.at} />
      <pre>{chunk.text}</pre>
    </div>
  ));
}
