import { Link } from '@tanstack/react-router';
import type { Offer } from '@/api/contract';
import { buttonClass } from '@/design/Button';
import { Note } from '@/design/Layout';
import { Table, type Column } from '@/design/Table';
import { Known } from '@/design/Values';
import { usd, usdPerGb, usdPerHour } from '@/format/money';
import { amount, share } from '@/format/size';
import type { Filter } from './filter';

interface Props {
  readonly offers: readonly Offer[];
  readonly filter: Filter;
  readonly mayOrder: boolean;
}

const COLUMNS: readonly Column<Offer>[] = [
  {
    name: 'GPU',
    isShort: true,
    cell: (each) => (
      <>
        {each.num_gpus} × {each.gpu_name}
        <Note>{amount(each.gpu_ram_gb, 'GB')} each</Note>
      </>
    ),
  },
  {
    name: 'Price',
    isNumber: true,
    cell: (each) => (
      <>
        {usdPerHour(each.price.total_usd_per_hour)}
        <Note>disk {usd(each.price.storage_usd_per_hour)}</Note>
      </>
    ),
  },
  { name: 'Ready', isNumber: true, cell: (each) => <>{share(each.p_ready)}<Note>in 4 min</Note></> },
  {
    name: 'Reliable',
    isNumber: true,
    cell: (each) => (
      <>
        <Known value={each.reliability} as={share} />
        <Note>{each.verified ? 'verified' : 'not verified'}</Note>
      </>
    ),
  },
  { name: 'Your launches', cell: (each) => historyOf(each) },
  {
    name: 'CPU',
    cell: (each) => (
      <>
        <Known value={each.cpu_cores} as={(count) => amount(count, 'cores')} />
        <Note>
          <Known value={each.cpu_ram_gb} as={(size) => amount(size, 'GB')} />
        </Note>
      </>
    ),
  },
  {
    name: 'Line',
    cell: (each) => (
      <>
        <Known value={each.inet_down_mbps} as={(speed) => amount(speed, 'Mbit/s')} />
        <Note>{usdPerGb(each.price.download_usd_per_gb)} down</Note>
      </>
    ),
  },
  {
    name: 'Where',
    cell: (each) => (
      <>
        <Known value={each.geolocation} as={String} />
        <Note>
          {each.provider} {each.machine_id}
        </Note>
      </>
    ),
  },
];

export function OfferTable({ offers, filter, mayOrder }: Props) {
  const columns = mayOrder ? [...COLUMNS, choose(filter)] : COLUMNS;
  return (
    <Table caption="Offers" columns={columns} rows={offers} rowKey={(each) => `${each.provider} ${each.offer_id}`} />
  );
}

function choose(filter: Filter): Column<Offer> {
  return {
    name: '',
    cell: (each) => (
      <Link
        to="/deploy"
        search={{ ...filter, offer_id: each.offer_id }}
        className={buttonClass('plain', true)}
        aria-label={`Rent ${each.num_gpus} × ${each.gpu_name}, machine ${each.machine_id}`}
      >
        Rent
      </Link>
    ),
  };
}

function historyOf({ history, blacklist }: Offer) {
  if (blacklist) return `passed over: ${blacklist.reason}`;
  if (!history || history.attempts === 0) return 'none yet';
  const who = history.source === 'own' ? '' : 'of all users: ';
  const lost = history.lost > 0 ? `, ${history.lost} lost` : '';
  return `${who}${history.ready} of ${history.attempts} ready${lost}`;
}
