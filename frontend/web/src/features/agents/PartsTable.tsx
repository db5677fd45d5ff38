import type { Health } from '@/api/contract';
import { Badge } from '@/design/Badge';
import { Note } from '@/design/Layout';
import { Table } from '@/design/Table';
import { amount } from '@/format/size';

export function PartsTable({ health }: { readonly health: Health }) {
  const rows = Object.entries(health.checks).map(([name, check]) => ({ name, ...check }));
  return (
    <>
      <Table
        caption="Parts of the service"
        rows={rows}
        rowKey={(row) => row.name}
        columns={[
          { name: 'Part', cell: (row) => row.name },
          {
            name: 'Answers',
            cell: (row) => <Badge tone={row.ok ? 'good' : 'bad'}>{row.ok ? 'yes' : 'no'}</Badge>,
          },
          { name: 'After', isNumber: true, cell: (row) => amount(row.latency_ms, 'ms') },
        ]}
      />
      <Note>Version {health.version}</Note>
    </>
  );
}
