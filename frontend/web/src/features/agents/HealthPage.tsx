import { useQuery } from '@tanstack/react-query';
import { Card, Page } from '@/design/Layout';
import { AsOf } from '@/design/Values';
import { useApi } from '@/parts/connection';
import { Loaded } from '@/parts/Loaded';
import { BackgroundTable } from './BackgroundTable';
import { PartsTable } from './PartsTable';
import { backgroundQuery, partsQuery } from './queries';

export function HealthPage() {
  const api = useApi();
  const parts = useQuery(partsQuery(api));
  const background = useQuery(backgroundQuery(api));
  return (
    <Page
      title="Health"
      lead="What the service is made of, and what works for you while nobody looks."
    >
      <Card title="Parts" aside={parts.data ? <AsOf at={parts.data.time} /> : null}>
        <Loaded query={parts} what="the parts">
          {(health) => <PartsTable health={health} />}
        </Loaded>
      </Card>
      <Card title="Background jobs">
        <Loaded query={background} what="the background jobs">
          {(answer) => <BackgroundTable jobs={answer.background_jobs} />}
        </Loaded>
      </Card>
    </Page>
  );
}
