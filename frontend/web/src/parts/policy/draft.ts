import type { Policy } from '@/api/contract';
import { scheduleOf, turnOf, type Turn } from './turns';

export type IdleRule = 'never' | 'fixed' | 'adaptive';

export interface QuietDraft {
  readonly begins: string;
  readonly ends: string;
  readonly zone: string;
}

/** A policy as a form holds it. Numbers are text until they are sent. */
export interface Draft {
  readonly rule: IdleRule;
  readonly idleMinutes: string;
  readonly gpuThreshold: string;
  readonly minimumRunS: string;
  readonly quiet: readonly QuietDraft[];
  readonly turns: readonly Turn[];
}

// The API's own, where a policy does not say.
const IDLE_MINUTES = 3;
const GPU_PERCENT = 5;
const MINIMUM_RUN_S = 60;

export function draftOf(policy: Policy): Draft {
  return {
    rule: ruleIn(policy),
    idleMinutes: String(policy.idle_minutes ?? IDLE_MINUTES),
    gpuThreshold: String(policy.gpu_threshold_percent ?? GPU_PERCENT),
    minimumRunS: String(policy.minimum_run_s ?? MINIMUM_RUN_S),
    quiet: (policy.quiet_hours ?? []).map(({ begins, ends, zone = 'UTC' }) => ({ begins, ends, zone })),
    turns: (policy.schedules ?? []).map(turnOf),
  };
}

/** What is sent. An amount that is none is sent as none, and the API says what is wrong. */
export function policyOf(draft: Draft): Policy {
  return {
    enabled: draft.rule !== 'never',
    adaptive: draft.rule === 'adaptive',
    idle_minutes: Number(draft.idleMinutes),
    gpu_threshold_percent: Number(draft.gpuThreshold),
    minimum_run_s: Number(draft.minimumRunS),
    quiet_hours: draft.quiet.map((each) => ({ ...each, zone: each.zone.trim() })),
    schedules: draft.turns.map(scheduleOf),
  };
}

export function ruleIn({ enabled = true, adaptive = false }: Policy): IdleRule {
  if (!enabled) return 'never';
  return adaptive ? 'adaptive' : 'fixed';
}

/** Whether two policies ask for the same, however they say it. */
export function isSame(one: Policy, other: Policy): boolean {
  return JSON.stringify(policyOf(draftOf(one))) === JSON.stringify(policyOf(draftOf(other)));
}

export function ownZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}
