import type { UseQueryResult } from '@tanstack/react-query';
import type { Balances } from '@/api/contract';
import { Card, Note } from '@/design/Layout';
import { Empty, Notice } from '@/design/Notice';
import { Table, type Column } from '@/design/Table';
import { AsOf, Known } from '@/design/Values';
import { usd } from '@/format/money';
import { Loaded } from '@/parts/Loaded';

const COLUMNS: readonly Column<Balances['items'][number]>[] = [
  { name: 'Provider', cell: (each) => each.provider },
  { name: 'Credit', isNumber: true, cell: (each) => <Known value={each.credit_usd} as={usd} /> },
  {
    name: 'Spent today',
    isNumber: true,
    cell: (each) => <Known value={each.spent_today_usd} as={usd} />,
  },
  {
    name: 'Spent this month',
    isNumber: true,
    cell: (each) => <Known value={each.spent_this_month_usd} as={usd} />,
  },
];

/** What the marketplaces themselves say is left, and was spent. */
export function ProvidersCard({ balance }: { readonly balance: UseQueryResult<Balances> }) {
  return (
    <Card title="At the providers" aside={balance.data ? <AsOf at={balance.data.as_of} /> : null}>
      <Loaded query={balance} what="what the providers say">
        {({ items, warnings }) => (
          <>
            {warnings.map((warning) => (
              <Notice key={warning.provider} tone="warn">
                {warning.provider}: {warning.message}
              </Notice>
            ))}
            {items.length === 0 ? (
              <Empty title="No provider is set up">
                <p>Set a key of your own at a marketplace; what it holds shows here.</p>
              </Empty>
            ) : (
              <Table caption="Providers" columns={COLUMNS} rows={items} rowKey={(each) => each.account_id} />
            )}
          </>
        )}
      </Loaded>
      <Note>The providers&apos; own figures; days and months are UTC&apos;s. What one does not tell is unknown.</Note>
    </Card>
  );
}
