import type { Budget, Cost, Instance, SessionAnswer, TimelineEvent } from '@/api/contract';

export const NOON = '2026-11-30T12:00:00Z';

export function session(token: string, more: Partial<SessionAnswer> = {}): SessionAnswer {
  return {
    access_token: `access-${token}`,
    refresh_token: `refresh-${token}`,
    token_type: 'Bearer',
    expires_in: 900,
    user: { id: 'user_1', email: 'you@example.org', created_at: NOON, demo: false },
    ...more,
  };
}

/** One that runs on a machine whose agent has told nothing yet. */
export function instance(more: Partial<Instance> = {}): Instance {
  return {
    id: 'inst_I6G3RFB4TBJFULV4FECGNVKIAU',
    label: 'paint',
    state: 'running',
    desired: 'running',
    state_reason: 'the machine is ready',
    state_since: NOON,
    created_at: NOON,
    epoch: 0,
    image: 'alpine:3.20',
    disk_gb: 20,
    machine_type: 'on-demand',
    gpu: { name: 'RTX 4090', count: 1, ram_gb: 24 },
    machine: {
      rental_id: 'rent_1',
      provider: 'vast',
      machine_id: '40266',
      offer_id: '20000532',
      contract_id: '20000855',
      geolocation: null,
      state: 'live',
    },
    price_usd_per_hour: 0.059267,
    cost_so_far_usd: null,
    hibernation: {},
    snapshots: {},
    failover: {},
    budget: {},
    ...more,
  };
}

export function event(kind: string, second: number, more: Partial<TimelineEvent> = {}): TimelineEvent {
  const at = `2026-11-30T12:00:${String(second).padStart(2, '0')}Z`;
  return { id: `evt_${kind}_${second}`, at, kind, message: kind, rental_id: null, ...more };
}

export function cost(more: Partial<Cost> = {}): Cost {
  return {
    instance_id: 'inst_1',
    currency: 'USD',
    total_usd: 0.408,
    uncertainty_usd: 0.00092,
    as_of: NOON,
    billed_usd: null,
    billed_as_of: null,
    differences: [],
    lines: [],
    ...more,
  };
}

/** The user's own month, with a cap that is far away. */
export function budget(more: Partial<Budget> = {}): Budget {
  return {
    instance_id: null,
    period: 'monthly',
    cap_usd: 50,
    at_limit: 'block',
    spent_usd: 10,
    reserved_usd: 5,
    left_usd: 35,
    usd_per_hour_now: 0.25,
    ...more,
  };
}
