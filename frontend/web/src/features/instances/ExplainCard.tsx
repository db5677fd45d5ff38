import { useQuery } from '@tanstack/react-query';
import type { Explained, Instance } from '@/api/contract';
import { Badge, type Tone } from '@/design/Badge';
import { Card, Facts, Note, type Fact } from '@/design/Layout';
import { AsOf, At, Since } from '@/design/Values';
import { useApi } from '@/parts/connection';
import { Loaded } from '@/parts/Loaded';
import { explainQuery } from './sleep';

const TONES: Readonly<Record<string, Tone>> = { busy: 'good', idle: 'warn', unknown: 'still' };

/** Why it is, or is not, on its way to sleep now. */
export function ExplainCard({ instance }: { readonly instance: Instance }) {
  const explained = useQuery(explainQuery(useApi(), instance.id, instance.state));
  return (
    <Card title="Now" aside={explained.data ? <AsOf at={explained.data.as_of} /> : null}>
      <Loaded query={explained} what="why it sleeps or not">
        {(told) => (
          <>
            <Facts facts={factsOf(told)} />
            <Reasons title="Why" lines={told.why} />
            <Reasons title="Kept awake by" lines={told.held_by} />
            <Reasons title="What was weighed" lines={told.weighed} />
          </>
        )}
      </Loaded>
      <Note>A measurement that is missing is unknown, and unknown is never idle.</Note>
    </Card>
  );
}

function factsOf({ state, verdict, quiet_since, sleeps_at, next_turn }: Explained): Fact[] {
  return [
    ...(state === 'running'
      ? [{ name: 'In use', value: <Badge tone={TONES[verdict] ?? 'still'}>{verdict}</Badge> }]
      : []),
    ...(quiet_since ? [{ name: 'Quiet since', value: <Since at={quiet_since} /> }] : []),
    {
      name: 'Falls asleep',
      value: sleeps_at ? <><Since at={sleeps_at} />, if it stays quiet</> : 'not foreseen',
    },
    {
      name: 'Next set time',
      value: next_turn ? <>{next_turn.action}s at <At at={next_turn.at} /></> : 'none',
    },
  ];
}

function Reasons({ title, lines }: { readonly title: string; readonly lines: readonly string[] }) {
  if (lines.length === 0) return null;
  return (
    <div>
      <h3>{title}</h3>
      <ul>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </div>
  );
}
