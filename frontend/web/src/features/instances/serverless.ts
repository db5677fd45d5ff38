import type { ServerlessBody, ServerlessMode, ServerlessState } from '@/api/contract';
import { amount } from '@/format/size';

export type ModeName = ServerlessMode['mode'];

export interface ServerlessDraft {
  readonly mode: ModeName;
  readonly isAdaptive: boolean;
  readonly idleSeconds: string;
  readonly gpuThreshold: string;
}

export const MODE_NAMES: Readonly<Record<ModeName, string>> = {
  fast: 'Fast',
  economic: 'Economic',
  spot: 'Spot',
};

const IDLE_S = 60;
const GPU_PERCENT = 5;

type Rules = NonNullable<ServerlessState['serverless']>;

export function serverlessDraft(rules: Rules | null | undefined): ServerlessDraft {
  const idle = rules?.idle_timeout_seconds ?? IDLE_S;
  return {
    mode: rules?.mode ?? 'economic',
    isAdaptive: idle === 'adaptive',
    idleSeconds: String(idle === 'adaptive' ? IDLE_S : idle),
    gpuThreshold: String(rules?.gpu_threshold ?? GPU_PERCENT),
  };
}

export function serverlessBody({ mode, isAdaptive, idleSeconds, gpuThreshold }: ServerlessDraft): ServerlessBody {
  return {
    mode,
    idle_timeout_seconds: isAdaptive ? 'adaptive' : Number(idleSeconds),
    gpu_threshold: Number(gpuThreshold),
  };
}

/** How long wakes took; with too few of them nothing is said of the next. */
export function wakeTimeWords(times: ServerlessMode['wake_times']): string {
  if (!times) return 'How long wakes take is unknown.';
  if (times.insufficient_data || times.p50_s === null) {
    return `Too few of your wakes to say how long one takes (${times.n}).`;
  }
  const p90 = times.p90_s === null ? '' : `, nine of ten within ${amount(times.p90_s, 's')}`;
  return `Your last ${times.n} wakes took ${amount(times.p50_s, 's')} at the median${p90}.`;
}
