import { Badge, type Tone } from '@/design/Badge';
import { useNow } from '@/design/clock';
import { Card, Note } from '@/design/Layout';
import { Table } from '@/design/Table';
import { duration } from '@/format/time';
import type { Racer, Stage } from './race';
import styles from './race.module.css';

const TONES: Readonly<Record<Stage, Tone>> = {
  ordered: 'busy',
  starting: 'busy',
  ready: 'good',
  'let go': 'still',
  unclear: 'warn',
};

interface Props {
  readonly racers: readonly Racer[];
  readonly isOver: boolean;
}

/** The machines that were rented for one launch: the first that is ready is kept. */
export function RaceCard({ racers, isOver }: Props) {
  const now = useNow();
  const times = racers.map((racer) => elapsed(racer, now));
  const longest = Math.max(1, ...times);
  return (
    <Card title="Race" aside={isOver ? 'over' : 'the first that is ready is kept'}>
      {racers.length === 0 ? (
        <Note>{isOver ? 'No machine was rented for it.' : 'Choosing the first machine …'}</Note>
      ) : (
        <Table
          caption="Machines that race"
          rows={racers}
          rowKey={(racer) => racer.rentalId}
          columns={[
            { name: 'Machine', cell: (racer) => racer.machine },
            {
              name: 'Stage',
              cell: (racer) => <Badge tone={TONES[racer.stage]}>{racer.stage}</Badge>,
            },
            {
              name: 'Time',
              cell: (racer) => <Track racer={racer} ms={elapsed(racer, now)} longest={longest} />,
            },
            { name: 'Why', cell: (racer) => <Note>{racer.reason}</Note> },
          ]}
        />
      )}
    </Card>
  );
}

interface TrackProps {
  readonly racer: Racer;
  readonly ms: number;
  readonly longest: number;
}

function Track({ racer, ms, longest }: TrackProps) {
  return (
    <div className={styles.track}>
      <div className={styles.lane} aria-hidden="true">
        <div
          className={racer.stage === 'ready' ? styles.won : styles.ran}
          style={{ inlineSize: `${Math.max(2, (ms / longest) * 100)}%` }}
        />
      </div>
      <span>{duration(ms)}</span>
    </div>
  );
}

function elapsed(racer: Racer, now: Date): number {
  const until = racer.endedAt ? Date.parse(racer.endedAt) : now.getTime();
  return Math.max(0, until - Date.parse(racer.startedAt));
}
