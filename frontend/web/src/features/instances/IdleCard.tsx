import type { Instance } from '@/api/contract';
import { Badge, type Tone } from '@/design/Badge';
import { Card, Facts, Note, type Fact } from '@/design/Layout';
import { AsOf, At, Since } from '@/design/Values';
import { ruleWords } from '@/parts/policy/words';

const TONES: Readonly<Record<string, Tone>> = { busy: 'good', idle: 'warn', unknown: 'still' };

/** Whether it is in use, by what is measured, and when it would fall asleep. */
export function IdleCard({ instance }: { readonly instance: Instance }) {
  const { idle } = instance;
  return (
    <Card title="Sleep" aside={idle ? <AsOf at={idle.as_of} /> : null}>
      <Facts facts={factsOf(instance)} />
      {idle && idle.reasons.length > 0 ? (
        <div>
          <h3>Why it is {idle.verdict}</h3>
          <ul>
            {idle.reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </div>
      ) : null}
      <Note>A measurement that is missing is unknown, and unknown is never idle.</Note>
    </Card>
  );
}

function factsOf({ idle, hibernation, ...instance }: Instance): Fact[] {
  const verdict = idle?.verdict ?? 'unknown';
  const facts: Fact[] = [
    { name: 'In use', value: <Badge tone={TONES[verdict] ?? 'still'}>{verdict}</Badge> },
    { name: 'Rule', value: ruleWords(hibernation) },
    {
      name: 'Last snapshot',
      value: instance.last_snapshot ? <Since at={instance.last_snapshot.created_at} /> : 'none yet',
    },
  ];
  if (idle?.since) facts.push({ name: 'Idle since', value: <Since at={idle.since} /> });
  if (instance.will_hibernate_at) {
    facts.push({ name: 'Falls asleep', value: <Since at={instance.will_hibernate_at} /> });
  }
  if (instance.keep_alive_until) {
    facts.push({ name: 'Kept awake until', value: <At at={instance.keep_alive_until} /> });
  }
  return facts;
}
