import type { paths } from '@/api/schema';

type Asked = NonNullable<paths['/api/instances/offers']['get']['parameters']['query']>;

export type MachineType = NonNullable<Asked['machine_type']>;
export type OfferOrder = NonNullable<Asked['order_by']>;

/** What a machine has to be, as the address of the page says it. What is left out is the API's default. */
export interface Filter {
  readonly gpu_name?: string;
  readonly num_gpus?: number;
  readonly min_gpu_ram_gb?: number;
  readonly min_disk_gb?: number;
  readonly max_price?: number;
  readonly min_reliability?: number;
  readonly region?: string;
  readonly verified_only?: boolean;
  readonly machine_type?: MachineType;
  readonly order_by?: OfferOrder;
}

export const ORDERS: readonly { readonly value: OfferOrder; readonly name: string }[] = [
  { value: 'price', name: 'Price' },
  { value: 'score', name: 'Score' },
  { value: 'reliability', name: 'Reliability' },
  { value: 'dlperf_per_usd', name: 'Speed per dollar' },
];

export const MACHINE_TYPES: readonly { readonly value: MachineType; readonly name: string }[] = [
  { value: 'on-demand', name: 'On demand' },
  { value: 'interruptible', name: 'Interruptible' },
];

/** The conditions in an address, or of a form; what is no sensible condition is left out. */
export function filterIn(given: Readonly<Record<string, unknown>>): Filter {
  const told = {
    gpu_name: words(given.gpu_name),
    num_gpus: figure(given.num_gpus, 0),
    min_gpu_ram_gb: figure(given.min_gpu_ram_gb, 0),
    min_disk_gb: figure(given.min_disk_gb, 0),
    max_price: figure(given.max_price, Number.MIN_VALUE),
    min_reliability: figure(given.min_reliability, 0),
    region: words(given.region),
    verified_only: given.verified_only === true || given.verified_only === 'on' ? true : undefined,
    machine_type: one(MACHINE_TYPES, given.machine_type),
    order_by: one(ORDERS, given.order_by),
  };
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined));
}

export interface OrderSearch extends Filter {
  readonly offer_id?: string;
}

export function orderIn(given: Readonly<Record<string, unknown>>): OrderSearch {
  const offerId = words(given.offer_id) ?? idIn(given.offer_id);
  return { ...filterIn(given), ...(offerId ? { offer_id: offerId } : {}) };
}

/** An id made of digits alone reads as a number in an address. */
function idIn(value: unknown): string | undefined {
  return typeof value === 'number' ? String(value) : undefined;
}

function words(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

function figure(value: unknown, least: number): number | undefined {
  const text = typeof value === 'string' ? value.trim() : value;
  if (text === '' || text === undefined || text === null) return undefined;
  const number = Number(text);
  return Number.isFinite(number) && number >= least ? number : undefined;
}

function one<T extends string>(choices: readonly { readonly value: T }[], value: unknown): T | undefined {
  return choices.find((each) => each.value === value)?.value;
}
