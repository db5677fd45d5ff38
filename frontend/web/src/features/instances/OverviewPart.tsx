import { useQuery } from '@tanstack/react-query';
import type { Instance } from '@/api/contract';
import { Columns } from '@/design/Layout';
import { useApi } from '@/parts/connection';
import { Loaded } from '@/parts/Loaded';
import { AccessCard } from './AccessCard';
import { IdleCard } from './IdleCard';
import { OperationCard } from './OperationCard';
import { newsQuery, operationQuery, seriesQuery } from './queries';
import { isLaunch, racersSince } from './race';
import { RaceCard } from './RaceCard';
import { SeriesCards } from './SeriesCards';
import { UsageFigures } from './UsageFigures';
import { useShownInstance } from './useShownInstance';

export function OverviewPart() {
  const instance = useShownInstance();
  return (
    <>
      {instance.operation_id ? <Doing instance={instance} operationId={instance.operation_id} /> : null}
      {instance.machine ? <UsageFigures instance={instance} /> : null}
      <Columns>
        <AccessCard instance={instance} />
        <IdleCard instance={instance} />
      </Columns>
      <Measured instanceId={instance.id} />
    </>
  );
}

interface DoingProps {
  readonly instance: Instance;
  readonly operationId: string;
}

/** What was ordered last, how far it has come, and the machines that race for it. */
function Doing({ instance, operationId }: DoingProps) {
  const api = useApi();
  const operation = useQuery(operationQuery(api, operationId));
  const news = useQuery(newsQuery(api, instance.id, instance.state));
  const launch = operation.data && isLaunch(operation.data.kind) ? operation.data : null;
  const racers = launch ? racersSince(news.data?.items ?? [], launch.created_at) : [];
  return (
    <>
      <Loaded query={operation} what="what was ordered">
        {(told) => <OperationCard operation={told} />}
      </Loaded>
      {launch ? <RaceCard racers={racers} isOver={Boolean(launch.ended_at)} /> : null}
    </>
  );
}

function Measured({ instanceId }: { readonly instanceId: string }) {
  const series = useQuery(seriesQuery(useApi(), instanceId));
  return (
    <Loaded query={series} what="what was measured">
      {(answer) => <SeriesCards series={answer} />}
    </Loaded>
  );
}
