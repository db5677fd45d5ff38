import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, Outlet } from '@tanstack/react-router';
import type { Instance } from '@/api/contract';
import { Page } from '@/design/Layout';
import { Tabs } from '@/design/Tabs';
import { Since } from '@/design/Values';
import { useConnection } from '@/parts/connection';
import { Loaded } from '@/parts/Loaded';
import { StateBadge } from '@/parts/StateBadge';
import { nameOf } from '@/parts/states';
import { Actions } from './Actions';
import { instanceQuery } from './queries';

const route = getRouteApi('/members/instances/$instanceId');

/** One workspace: what it is doing, what can be ordered of it, and its parts below. */
export function InstancePage() {
  const { api, isDemo } = useConnection();
  const { instanceId } = route.useParams();
  const query = useQuery(instanceQuery(api, instanceId));
  return (
    <Loaded query={query} what="the workspace">
      {(instance) => (
        <Page
          title={nameOf(instance)}
          lead={<Lead instance={instance} />}
          actions={isDemo ? null : <Actions instance={instance} />}
        >
          <Tabs label="Parts of this workspace">
            <Link to="/instances/$instanceId" params={{ instanceId }} activeOptions={{ exact: true, includeSearch: false }}>
              Overview
            </Link>
            <Link to="/instances/$instanceId/sleep" params={{ instanceId }}>
              Sleep
            </Link>
            <Link to="/instances/$instanceId/cost" params={{ instanceId }}>
              Cost
            </Link>
            <Link to="/instances/$instanceId/snapshots" params={{ instanceId }}>
              Snapshots
            </Link>
            <Link to="/instances/$instanceId/timeline" params={{ instanceId }}>
              Timeline
            </Link>
            <Link to="/instances/$instanceId/logs" params={{ instanceId }}>
              Logs
            </Link>
          </Tabs>
          <Outlet />
        </Page>
      )}
    </Loaded>
  );
}

function Lead({ instance }: { readonly instance: Instance }) {
  return (
    <>
      <StateBadge state={instance.state} /> {instance.state_reason}, <Since at={instance.state_since} />
    </>
  );
}
