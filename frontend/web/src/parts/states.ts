import type { Instance, InstanceState } from '@/api/contract';
import type { Tone } from '@/design/Badge';

const TONES: Readonly<Record<InstanceState, Tone>> = {
  provisioning: 'busy',
  restoring: 'busy',
  running: 'good',
  draining: 'busy',
  asleep: 'still',
  pausing: 'busy',
  paused: 'warn',
  resuming: 'busy',
  destroying: 'busy',
  destroyed: 'still',
  failed: 'bad',
};

export function toneOf(state: InstanceState): Tone {
  return TONES[state];
}

/** Whether it is on its way from one state to another. */
export function isMoving(state: InstanceState): boolean {
  return TONES[state] === 'busy';
}

export function hasEnded(state: InstanceState): boolean {
  return state === 'destroyed';
}

/** Milliseconds until it is worth asking again. */
export function paceOf(state: InstanceState | undefined): number | false {
  if (state === undefined) return 4000;
  if (isMoving(state)) return 1500;
  if (hasEnded(state)) return false;
  return state === 'running' ? 4000 : 10_000;
}

/** What people call it: their label, else its id. */
export function nameOf(instance: Pick<Instance, 'id' | 'label'>): string {
  return instance.label || shortId(instance.id);
}

/** An id that still can be told from others at a glance. */
export function shortId(id: string): string {
  return id.length > 16 ? `${id.slice(0, 9)}…${id.slice(-4)}` : id;
}
