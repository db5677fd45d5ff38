import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { wordsOf } from '@/api/problem';
import { Button, buttonClass } from '@/design/Button';
import { Card, Page } from '@/design/Layout';
import { Empty, Failure, Loading } from '@/design/Notice';
import { useConnection } from '@/parts/connection';
import { fleetQuery } from '@/parts/fleet';
import { balanceQuery, budgetsQuery } from '@/parts/spending';
import { hasEnded } from '@/parts/states';
import { InstanceTable } from './InstanceTable';
import { SpendNow } from './SpendNow';

export function FleetPage() {
  const { api, isDemo } = useConnection();
  const fleet = useInfiniteQuery(fleetQuery(api));
  const budgets = useQuery(budgetsQuery(api));
  const balance = useQuery(balanceQuery(api));
  const instances = fleet.data?.pages.flatMap((page) => page.items);
  const kept = instances?.filter((each) => !hasEnded(each.state)) ?? [];
  const ended = instances?.filter((each) => hasEnded(each.state)) ?? [];
  return (
    <Page
      title="Fleet"
      lead="Your workspaces, and what they cost now."
      actions={
        <Link to="/offers" className={buttonClass('primary')}>
          Find a machine
        </Link>
      }
    >
      <SpendNow budgets={budgets} balance={balance} />
      <Card title="Workspaces" aside={instances ? `${kept.length} kept` : undefined}>
        {fleet.isError ? (
          <Failure words={wordsOf(fleet.error)} onRetry={() => void fleet.refetch()} />
        ) : null}
        {fleet.isPending ? <Loading what="your workspaces" /> : null}
        {instances && kept.length === 0 ? <NothingYet isDemo={isDemo} /> : null}
        {kept.length > 0 ? <InstanceTable caption="Workspaces" instances={kept} /> : null}
        {fleet.hasNextPage ? (
          <Button busy={fleet.isFetchingNextPage} onClick={() => void fleet.fetchNextPage()}>
            Show more
          </Button>
        ) : null}
      </Card>
      {ended.length > 0 ? (
        <details>
          <summary>Destroyed: {ended.length}</summary>
          <InstanceTable caption="Destroyed workspaces" instances={ended} />
        </details>
      ) : null}
    </Page>
  );
}

function NothingYet({ isDemo }: { readonly isDemo: boolean }) {
  if (isDemo) {
    return (
      <Empty title="The demo has no workspaces yet">
        <p>They are rented when a local stack starts; look again in a minute.</p>
      </Empty>
    );
  }
  return (
    <Empty title="No workspace yet">
      <p>
        Find a machine, or let several race for your order: the first that is ready is kept. It is
        put to sleep when you leave it, and costs nothing then but its snapshot.
      </p>
      <Link to="/offers" className={buttonClass('primary')}>
        Find a machine
      </Link>
    </Empty>
  );
}
