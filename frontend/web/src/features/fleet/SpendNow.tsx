import type { UseQueryResult } from '@tanstack/react-query';
import type { Balances, Budget, Budgets } from '@/api/contract';
import { wordsOf } from '@/api/problem';
import { Figures, type Figure } from '@/design/Layout';
import { Failure, Notice } from '@/design/Notice';
import { AsOf, Known, Unknown } from '@/design/Values';
import { usd, usdPerHour } from '@/format/money';

interface Props {
  readonly budgets: UseQueryResult<Budgets>;
  readonly balance: UseQueryResult<Balances>;
}

/** What is spent now, what this month has come to, and what the providers still hold. */
export function SpendNow({ budgets, balance }: Props) {
  const failed = budgets.error ?? balance.error;
  return (
    <>
      {failed ? <Failure words={wordsOf(failed)} /> : null}
      {balance.data?.warnings.map((warning) => (
        <Notice key={warning.provider} tone="warn">
          {warning.provider}: {warning.message}
        </Notice>
      ))}
      <Figures
        figures={[spending(budgets.data), month(budgets.data), credit(balance.data)]}
      />
    </>
  );
}

function spending(budgets: Budgets | undefined): Figure {
  const all = ofEverything(budgets, 'monthly');
  return {
    name: 'Spending now',
    value: <Known value={all?.usd_per_hour_now} as={usdPerHour} />,
    note: budgets ? <AsOf at={budgets.as_of} /> : null,
  };
}

function month(budgets: Budgets | undefined): Figure {
  const all = ofEverything(budgets, 'monthly');
  return {
    name: `This month${budgets ? ` (${budgets.month}, UTC)` : ''}`,
    value: <Known value={all?.spent_usd} as={usd} />,
    note: all ? capOf(all) : null,
  };
}

function capOf(all: Budget): string {
  const held = all.reserved_usd > 0 ? `${usd(all.reserved_usd)} held back for what runs` : '';
  const cap = all.cap_usd === null ? 'no cap is set' : `of ${usd(all.cap_usd)}`;
  return [cap, held].filter(Boolean).join('; ');
}

function credit(balance: Balances | undefined): Figure {
  return {
    name: 'Credit at providers',
    value: balance ? <Credits balance={balance} /> : <Unknown />,
    note: balance ? <AsOf at={balance.as_of} /> : null,
  };
}

function Credits({ balance }: { readonly balance: Balances }) {
  const [only, ...others] = balance.items;
  if (only === undefined) return <>none is set up</>;
  if (others.length === 0) return <Known value={only.credit_usd} as={usd} />;
  return balance.items.map((each) => (
    <div key={each.account_id}>
      {each.provider} <Known value={each.credit_usd} as={usd} />
    </div>
  ));
}

function ofEverything(budgets: Budgets | undefined, period: Budget['period']): Budget | undefined {
  return budgets?.items.find((each) => each.instance_id === null && each.period === period);
}
