import type { TimelineEvent } from '@/api/contract';

export type Stage = 'ordered' | 'starting' | 'ready' | 'let go' | 'unclear';

/** One machine of a launch: what it is, how far it came, and why it is where it is. */
export interface Racer {
  readonly rentalId: string;
  readonly machine: string;
  readonly stage: Stage;
  readonly reason: string;
  readonly startedAt: string;
  /** When it was ready or let go; null while it runs on. */
  readonly endedAt: string | null;
}

const STAGES: Readonly<Record<string, Stage>> = {
  'rental.intent': 'ordered',
  'contract.created': 'starting',
  'rental.adopted': 'starting',
  'rental.booting': 'starting',
  'contract.unanswered': 'unclear',
  'rental.unknown': 'unclear',
  'rental.live': 'ready',
  'rental.releasing': 'let go',
  'release.pending': 'let go',
  'rental.let_go': 'let go',
  'rental.gone': 'let go',
};

/** Racers of the launch that began at `since`, from the timeline in any order; who is ready first, then the earliest. */
export function racersSince(events: readonly TimelineEvent[], since: string): readonly Racer[] {
  const told = events
    .filter((each) => each.rental_id !== null && each.kind in STAGES && isFrom(each.at, since))
    .toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at));
  const byRental = new Map<string, TimelineEvent[]>();
  for (const each of told) {
    byRental.set(each.rental_id ?? '', [...(byRental.get(each.rental_id ?? '') ?? []), each]);
  }
  const racers = [...byRental.values()].flatMap((steps) => racerOf(steps) ?? []);
  return racers.toSorted((one, other) => Number(other.stage === 'ready') - Number(one.stage === 'ready'));
}

function racerOf(steps: readonly TimelineEvent[]): Racer | null {
  const first = steps[0];
  // Without its intent it was begun before this launch.
  if (first?.kind !== 'rental.intent' || first.rental_id === null) return null;
  const last = steps.reduce((seen, each) => (weight(each) >= weight(seen) ? each : seen), first);
  const entered = steps.find((each) => stageOf(each) === stageOf(last)) ?? last;
  const isOver = stageOf(last) === 'ready' || stageOf(last) === 'let go';
  return {
    rentalId: first.rental_id,
    machine: first.message,
    stage: stageOf(last),
    reason: last === first ? 'on its way to the provider' : entered.message,
    startedAt: first.at,
    endedAt: isOver ? entered.at : null,
  };
}

function stageOf(event: TimelineEvent): Stage {
  return STAGES[event.kind] ?? 'unclear';
}

const WEIGHTS: Readonly<Record<Stage, number>> = {
  ordered: 0,
  unclear: 1,
  starting: 2,
  ready: 3,
  'let go': 4,
};

/** Events may be noted in another order than they happened: what is further along counts. */
function weight(event: TimelineEvent): number {
  return WEIGHTS[stageOf(event)];
}

function isFrom(at: string, since: string): boolean {
  return Date.parse(at) >= Date.parse(since);
}

const LAUNCHES = new Set(['create', 'wake', 'failover']);

/** Whether an operation of this kind rents machines. */
export function isLaunch(kind: string): boolean {
  return LAUNCHES.has(kind);
}
