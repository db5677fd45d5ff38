import type { Policy } from '@/api/contract';
import { Facts } from '@/design/Layout';
import { turnWords } from './turns';
import { quietWords, ruleWords } from './words';

/** A policy to be read. */
export function PolicyWords({ policy }: { readonly policy: Policy }) {
  const { quiet_hours: quiet = [], schedules = [] } = policy;
  return (
    <Facts
      facts={[
        { name: 'When idle', value: `Sleeps ${ruleWords(policy)}` },
        { name: 'At set times', value: <Lines lines={schedules.map(turnWords)} /> },
        { name: 'Quiet hours', value: <Lines lines={quiet.map(quietWords)} /> },
      ]}
    />
  );
}

function Lines({ lines }: { readonly lines: readonly string[] }) {
  if (lines.length === 0) return <>none</>;
  return lines.map((line) => <div key={line}>{line}</div>);
}
