import type { TimelineEvent } from '@/api/contract';
import { At } from '@/design/Values';
import { shortId } from '@/parts/states';
import styles from './timeline.module.css';

/** What happened to an instance, each with its reason. */
export function Timeline({ events }: { readonly events: readonly TimelineEvent[] }) {
  return (
    <ol className={styles.timeline}>
      {events.map((event) => (
        <li key={event.id} className={styles[toneOf(event.kind)]}>
          <At at={event.at} />
          <div>
            <p>{event.message}</p>
            <p className={styles.kind}>
              <code>{event.kind}</code>
              {event.rental_id ? <code title={event.rental_id}>{shortId(event.rental_id)}</code> : null}
            </p>
          </div>
        </li>
      ))}
    </ol>
  );
}

type Mark = 'alarm' | 'warning' | 'ordered' | 'state' | 'detail';

/** How much an entry stands out, by the first word of its kind. */
function toneOf(kind: string): Mark {
  const [first = ''] = kind.split('.');
  if (first === 'alarm' || first === 'orphan') return 'alarm';
  if (first === 'warning' || first === 'failover' || first === 'machine') return 'warning';
  if (first === 'ordered' || first === 'state') return first;
  return 'detail';
}
