import type { Operation } from '@/api/contract';
import { Badge, type Tone } from '@/design/Badge';
import { useNow } from '@/design/clock';
import { Card } from '@/design/Layout';
import { Failure } from '@/design/Notice';
import { At } from '@/design/Values';
import { duration } from '@/format/time';
import styles from './operation.module.css';

const TONES: Readonly<Record<string, Tone>> = { running: 'busy', succeeded: 'good', failed: 'bad' };

/** A long action: its phases, how long each took, and how it ended. */
export function OperationCard({ operation }: { readonly operation: Operation }) {
  const { error } = operation;
  return (
    <Card
      title={`Last order: ${operation.kind}`}
      aside={
        <>
          <Badge tone={TONES[operation.state] ?? 'still'}>{operation.state}</Badge> at{' '}
          <At at={operation.created_at} />
        </>
      }
    >
      <ol className={styles.phases} aria-label="Phases">
        {operation.phases.map((phase) => (
          <PhaseItem key={phase.name + phase.started_at} phase={phase} />
        ))}
      </ol>
      {error ? (
        <Failure words={{ title: error.code, detail: error.message, fields: [], traceId: null }} />
      ) : null}
    </Card>
  );
}

function PhaseItem({ phase }: { readonly phase: Operation['phases'][number] }) {
  const now = useNow();
  const isOn = !phase.ended_at;
  const until = phase.ended_at ? new Date(phase.ended_at) : now;
  return (
    <li className={isOn ? styles.on : styles.done} aria-current={isOn ? 'step' : undefined}>
      <strong>{phase.name}</strong>
      <span>{duration(until.getTime() - Date.parse(phase.started_at))}</span>
    </li>
  );
}
