import type { Simulation } from '@/api/contract';
import { Note, Stack } from '@/design/Layout';
import { Notice } from '@/design/Notice';
import { Table, type Column } from '@/design/Table';
import { Known } from '@/design/Values';
import { usd } from '@/format/money';
import { amount } from '@/format/size';
import { duration } from '@/format/time';
import { basisOf, rowsOf, verdictOf, type ComparisonRow } from './comparison';

const HOUR_MS = 3_600_000;

const COLUMNS: readonly Column<ComparisonRow>[] = [
  { name: 'Policy', cell: ({ name }) => name },
  {
    name: 'Cost',
    isNumber: true,
    cell: ({ outcome }) => <Known value={outcome.cost_usd} as={usd} />,
  },
  { name: 'Wakes', isNumber: true, cell: ({ outcome }) => outcome.wakes },
  { name: 'Asleep', isNumber: true, cell: ({ outcome }) => duration(outcome.hours_asleep * HOUR_MS) },
  { name: 'Idle awake', isNumber: true, cell: ({ outcome }) => duration(outcome.hours_awake * HOUR_MS) },
  {
    name: 'You wait',
    isNumber: true,
    cell: ({ outcome }) => (
      <>
        {amount(outcome.wait_p50_s, 's')}
        <Note>99 of 100: {amount(outcome.wait_p99_s, 's')}</Note>
      </>
    ),
  },
];

interface Props {
  readonly simulation: Simulation;
  readonly days: number;
  /** What was compared is no longer what is in the form. */
  readonly isOld: boolean;
}

export function ComparisonTable({ simulation, days, isOld }: Props) {
  const rows = rowsOf(simulation);
  return (
    <Stack>
      {isOld ? <Notice tone="warn">You have changed it since: compare again.</Notice> : null}
      <p role="status">
        <strong>{verdictOf(simulation, days)}</strong>
      </p>
      {rows.length > 0 ? (
        <Table caption="Compared with today" columns={COLUMNS} rows={rows} rowKey={({ name }) => name} />
      ) : null}
      <Note>{basisOf(simulation)}</Note>
    </Stack>
  );
}
