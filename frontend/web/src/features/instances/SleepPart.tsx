import { useQuery } from '@tanstack/react-query';
import { Card, Columns } from '@/design/Layout';
import { Notice } from '@/design/Notice';
import { useConnection } from '@/parts/connection';
import { Loaded } from '@/parts/Loaded';
import { PolicyWords } from '@/parts/policy/PolicyWords';
import { hasEnded } from '@/parts/states';
import { ExplainCard } from './ExplainCard';
import { KeepAwakeCard } from './KeepAwakeCard';
import { PolicyEditor } from './PolicyEditor';
import { ServerlessCard } from './ServerlessCard';
import { policyQuery, serverlessQuery } from './sleep';
import { useShownInstance } from './useShownInstance';

/** When it sleeps and wakes: why now, by which policy, and what another one would come to. */
export function SleepPart() {
  const instance = useShownInstance();
  const { api, isDemo } = useConnection();
  const policy = useQuery(policyQuery(api, instance.id));
  const serverless = useQuery(serverlessQuery(api, instance.id, instance.state));
  const mayChange = !isDemo && !hasEnded(instance.state);
  return (
    <>
      <Columns>
        <ExplainCard instance={instance} />
        {mayChange && instance.state === 'running' ? <KeepAwakeCard instance={instance} /> : null}
      </Columns>
      <Card title="Policy">
        {serverless.data?.serverless ? (
          <Notice tone="warn">Serverless is on: this policy waits until it is switched off.</Notice>
        ) : null}
        <Loaded query={policy} what="the policy">
          {(own) =>
            mayChange ? (
              <PolicyEditor instanceId={instance.id} policy={own} />
            ) : (
              <PolicyWords policy={own} />
            )
          }
        </Loaded>
      </Card>
      {hasEnded(instance.state) ? null : <ServerlessCard instance={instance} />}
    </>
  );
}
