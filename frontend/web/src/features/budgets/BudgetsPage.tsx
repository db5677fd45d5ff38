import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Budget, Budgets } from '@/api/contract';
import { wordsOf } from '@/api/problem';
import { Button } from '@/design/Button';
import { Card, Note, Page } from '@/design/Layout';
import { Empty, Failure, Loading } from '@/design/Notice';
import { AsOf, At } from '@/design/Values';
import { useConnection } from '@/parts/connection';
import { fleetQuery } from '@/parts/fleet';
import { balanceQuery } from '@/parts/spending';
import { hasEnded, nameOf } from '@/parts/states';
import { BudgetDialog } from './BudgetDialog';
import { BudgetTable, subject } from './BudgetTable';
import { ProvidersCard } from './ProvidersCard';
import { allBudgetsQuery, useSetBudget } from './queries';
import { RemoveDialog } from './RemoveDialog';

type Asked = { readonly what: 'set'; readonly budget: Budget | null } | { readonly what: 'remove'; readonly budget: Budget };

/** What may be spent, what happens at the limit, and where each limit stands now. */
export function BudgetsPage() {
  const { api, isDemo } = useConnection();
  const budgets = useInfiniteQuery(allBudgetsQuery(api));
  const fleet = useInfiniteQuery(fleetQuery(api));
  const balance = useQuery(balanceQuery(api));
  const [asked, setAsked] = useState<Asked | null>(null);
  const set = useSetBudget();
  const ask = (next: Asked | null) => {
    set.reset();
    setAsked(next);
  };
  const instances = fleet.data?.pages.flatMap((page) => page.items) ?? [];
  const names = new Map(instances.map((each) => [each.id, nameOf(each)]));
  const workspaces = instances
    .filter((each) => !hasEnded(each.state))
    .map((each) => ({ value: each.id, name: nameOf(each) }));
  const lines = budgets.data?.pages.flatMap((page) => page.items) ?? [];
  const actions = isDemo
    ? null
    : {
        change: (budget: Budget) => ask({ what: 'set', budget }),
        remove: (budget: Budget) => ask({ what: 'remove', budget }),
      };
  const naming = (id: string) => names.get(id);
  const own = lines.filter((each) => each.instance_id === null);
  const each = lines.filter((line) => line.instance_id !== null);
  const first = budgets.data?.pages[0];
  return (
    <Page title="Budgets" lead="What may be spent, what happens at the limit, and where each limit stands now.">
      <Card title="For all that you rent" aside={first ? <AsOf at={first.as_of} /> : null}>
        {budgets.isError ? <Failure words={wordsOf(budgets.error)} onRetry={() => void budgets.refetch()} /> : null}
        {budgets.isPending ? <Loading what="your budgets" /> : null}
        {first ? (
          <>
            <BudgetTable caption="For all that you rent" budgets={own} nameOf={naming} actions={actions} />
            <Month first={first} />
          </>
        ) : null}
      </Card>
      <Card
        title="For one workspace"
        aside={
          isDemo || workspaces.length === 0 ? null : (
            <Button small onClick={() => ask({ what: 'set', budget: null })}>
              Set a cap for a workspace …
            </Button>
          )
        }
      >
        {budgets.isPending ? <Loading what="the budgets of your workspaces" /> : null}
        {first && each.length === 0 ? (
          <Empty title="No workspace has a cap or costs anything this month">
            <p>A cap of its own holds beside the one of all that you rent; whichever is reached first acts.</p>
          </Empty>
        ) : null}
        {each.length > 0 ? (
          <BudgetTable caption="For one workspace" budgets={each} nameOf={naming} actions={actions} />
        ) : null}
        {budgets.hasNextPage ? (
          <Button busy={budgets.isFetchingNextPage} onClick={() => void budgets.fetchNextPage()}>
            Show more
          </Button>
        ) : null}
      </Card>
      <ProvidersCard balance={balance} />
      {asked?.what === 'set' ? (
        <BudgetDialog
          budget={asked.budget}
          title={asked.budget ? `The ${subject(asked.budget, naming)}` : 'A cap for a workspace'}
          workspaces={workspaces}
          isPending={set.isPending}
          error={set.error}
          onClose={() => ask(null)}
          onSet={(body) => set.mutate(body, { onSuccess: () => setAsked(null) })}
        />
      ) : null}
      {asked?.what === 'remove' ? (
        <RemoveDialog
          subject={subject(asked.budget, naming)}
          isPending={set.isPending}
          error={set.error}
          onClose={() => ask(null)}
          onRemove={() => {
            const { instance_id, period } = asked.budget;
            set.mutate({ instance_id, period, cap_usd: null }, { onSuccess: () => setAsked(null) });
          }}
        />
      ) : null}
    </Page>
  );
}

function Month({ first }: { readonly first: Budgets }) {
  return (
    <Note>
      The month is {first.month} in UTC and ends <At at={first.month_ends_at} /> your time. Spent is
      what has accrued at most; held is kept back so that what runs can be put to sleep in time.
    </Note>
  );
}
