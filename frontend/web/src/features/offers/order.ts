import type { CreateBody } from '@/api/contract';
import type { Filter, OrderSearch } from './filter';

/** An order from the form and from what the address says the machine has to be. */
export function orderOf(fields: FormData, search: OrderSearch): CreateBody {
  const bid = numberIn(fields, 'bid');
  const cap = numberIn(fields, 'monthly_cap');
  return {
    ...(search.offer_id ? { offer_id: search.offer_id } : { want: wantOf(search) }),
    ...(search.machine_type ? { machine_type: search.machine_type } : {}),
    ...(bid === null ? {} : { bid }),
    label: textIn(fields, 'label'),
    ...(textIn(fields, 'image') ? { image: textIn(fields, 'image') } : {}),
    disk_gb: numberIn(fields, 'disk_gb') ?? search.min_disk_gb ?? DEFAULT_DISK_GB,
    ports: portsIn(textIn(fields, 'ports')),
    ssh_public_key: textIn(fields, 'ssh_public_key'),
    onstart: textIn(fields, 'onstart'),
    ...(search.offer_id ? {} : { race: raceIn(fields) }),
    hibernation: hibernationIn(fields),
    ...(cap === null ? {} : { budget: { monthly: { cap_usd: cap, at_limit: 'hibernate' } } }),
  };
}

export const DEFAULT_DISK_GB = 50;

/** What is asked of the machine. Its disk and kind are the order's own. */
function wantOf(filter: Filter): NonNullable<CreateBody['want']> {
  const { gpu_name, num_gpus, min_gpu_ram_gb, max_price, min_reliability, region, verified_only } = filter;
  const want = { gpu_name, num_gpus, min_gpu_ram_gb, max_price, min_reliability, region, verified_only };
  return Object.fromEntries(Object.entries(want).filter(([, value]) => value !== undefined));
}

function raceIn(fields: FormData): NonNullable<CreateBody['race']> {
  const width = numberIn(fields, 'width');
  const start = fields.get('start') === 'together' ? 'together' : 'odds';
  return { ...(width === null ? {} : { width }), start };
}

function hibernationIn(fields: FormData): NonNullable<CreateBody['hibernation']> {
  const minutes = numberIn(fields, 'idle_minutes');
  if (fields.get('sleeps') !== 'on') return { enabled: false };
  return minutes === null ? { enabled: true } : { enabled: true, idle_minutes: minutes };
}

/** Ports that are numbers; the server says no to those that no machine has. */
export function portsIn(text: string): number[] {
  return text.split(/[\s,]+/).filter(Boolean).map(Number);
}

function textIn(fields: FormData, name: string): string {
  const value = fields.get(name);
  return typeof value === 'string' ? value.trim() : '';
}

function numberIn(fields: FormData, name: string): number | null {
  const text = textIn(fields, name);
  return text === '' ? null : Number(text);
}
