import type { Budget } from '@/api/contract';
import type { Tone } from '@/design/Badge';
import { usd, usdPerHour } from '@/format/money';

export interface Standing {
  readonly tone: Tone;
  readonly words: string;
  /** Of the cap: what is spent and what is held back, 0 to 1 together; null without a cap. */
  readonly used: { readonly spent: number; readonly held: number } | null;
}

// From here on the owner is told; the API's own notices begin there too.
const WARN_AT = 0.8;

/** Where a budget stands now. */
export function standingOf({ cap_usd: cap, at_limit, spent_usd: spent, ...rest }: Budget): Standing {
  if (cap === null) return { tone: 'still', words: 'no cap', used: null };
  const spentPart = partOf(spent, cap);
  const used = { spent: spentPart, held: Math.min(partOf(rest.reserved_usd, cap), 1 - spentPart) };
  if (spent >= cap) return { tone: 'bad', words: 'at the limit', used };
  if (at_limit !== 'warn' && rest.left_usd === 0) {
    return { tone: 'warn', words: 'all is spent or held back', used };
  }
  return spent >= WARN_AT * cap
    ? { tone: 'warn', words: 'near the limit', used }
    : { tone: 'good', words: 'within', used };
}

/** A cap of nothing is full from the start. */
function partOf(amount: number, cap: number): number {
  return cap > 0 ? Math.min(1, amount / cap) : 1;
}

export const PERIODS = [
  { value: 'monthly', name: 'A month' },
  { value: 'hourly', name: 'An hour' },
] as const;

export const AT_LIMIT = [
  { value: 'warn', name: 'Tell me, and go on' },
  { value: 'block', name: 'Begin nothing new' },
  { value: 'hibernate', name: 'Put to sleep what runs' },
] as const;

/** What happens at the limit, as it is read in a line. */
export function thenOf(at_limit: Budget['at_limit']): string {
  switch (at_limit) {
    case 'warn':
      return 'you are told';
    case 'block':
      return 'nothing new begins';
    case 'hibernate':
      return 'what runs is put to sleep';
    case null:
      return 'nothing';
  }
}

/** An amount with the time that it is of. */
export function perPeriod(period: Budget['period']): (amount: number) => string {
  return period === 'hourly' ? usdPerHour : (amount) => `${usd(amount)} a month`;
}

export function budgetKey({ instance_id, period }: Pick<Budget, 'instance_id' | 'period'>): string {
  return `${instance_id ?? 'all'} ${period}`;
}
