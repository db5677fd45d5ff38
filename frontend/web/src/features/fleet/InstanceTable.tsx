import { Link } from '@tanstack/react-router';
import type { Instance } from '@/api/contract';
import { Note } from '@/design/Layout';
import { Table, type Column } from '@/design/Table';
import { Known, Since } from '@/design/Values';
import { usdPerHour } from '@/format/money';
import { nameOf } from '@/parts/states';
import { StateBadge } from '@/parts/StateBadge';

const COLUMNS: readonly Column<Instance>[] = [
  {
    name: 'Workspace',
    cell: (each) => (
      <Link to="/instances/$instanceId" params={{ instanceId: each.id }}>
        {nameOf(each)}
      </Link>
    ),
  },
  {
    name: 'State',
    cell: (each) => (
      <>
        <StateBadge state={each.state} />
        <Note>{each.state_reason}</Note>
      </>
    ),
  },
  { name: 'Since', cell: (each) => <Since at={each.state_since} /> },
  { name: 'Machine', cell: (each) => machineOf(each) },
  { name: 'Price', isNumber: true, cell: (each) => priceOf(each) },
];

interface Props {
  readonly caption: string;
  readonly instances: readonly Instance[];
}

export function InstanceTable({ caption, instances }: Props) {
  return <Table caption={caption} columns={COLUMNS} rows={instances} rowKey={(each) => each.id} />;
}

function machineOf({ gpu, machine }: Instance) {
  if (!gpu || !machine) return 'none';
  return (
    <>
      {gpu.count} × {gpu.name}
      <Note>
        {machine.provider}, <Known value={machine.geolocation} as={String} />
      </Note>
    </>
  );
}

function priceOf(each: Instance) {
  return each.machine ? <Known value={each.price_usd_per_hour} as={usdPerHour} /> : 'none';
}
