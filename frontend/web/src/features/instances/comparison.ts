import type { Simulation, SimulationOutcome } from '@/api/contract';
import { usd } from '@/format/money';
import { amount } from '@/format/size';

export interface ComparisonRow {
  readonly name: string;
  readonly outcome: SimulationOutcome;
}

/** What there is to compare, the asked one first. */
export function rowsOf({ asked, now, never, optimum }: Simulation): ComparisonRow[] {
  const named = [
    ['As you set it', asked],
    ['As it is today', now],
    ['Never asleep', never],
    ['The best possible', optimum],
  ] as const;
  return named.flatMap(([name, outcome]) => (outcome ? [{ name, outcome }] : []));
}

/** What the change would have come to, in one sentence that promises nothing. */
export function verdictOf(simulation: Simulation, days: number): string {
  const { asked, now, spells } = simulation;
  if (simulation.insufficient_data || !asked || !now) {
    return `Nothing to compare yet: no time of rest of the last ${amount(days, 'days')} is remembered.`;
  }
  const over = `Over its ${times(spells)} of rest in the last ${amount(days, 'days')}`;
  if (asked.cost_usd === null || now.cost_usd === null) {
    return `${over} it would have been woken ${times(asked.wakes)} instead of ${now.wakes}; its price is unknown.`;
  }
  return `${over} it would have cost ${usd(asked.cost_usd)}, ${against(asked.cost_usd - now.cost_usd)}.`;
}

function against(difference: number): string {
  if (Math.abs(difference) < 1e-6) return 'as much as today';
  return `${usd(Math.abs(difference))} ${difference < 0 ? 'less' : 'more'} than today`;
}

function times(count: number): string {
  return `${count} time${count === 1 ? '' : 's'}`;
}

/** On what the reckoning rests. */
export function basisOf({ wake }: Simulation): string {
  const took = wake.measured > 0 ? `measured ${times(wake.measured)}` : 'assumed: none was measured';
  const price =
    wake.price_usd_per_hour === null ? 'its price is unknown' : `it costs ${usd(wake.price_usd_per_hour)} an hour`;
  return `A wake takes ${amount(wake.wake_s, 's')} (${took}); ${price}. The past is replayed: it promises nothing.`;
}
