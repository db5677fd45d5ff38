import { screen, within } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Simulation, SimulationOutcome } from '@/api/contract';
import { instance, NOON, session } from '@/testing/samples';
import { FakeServer, json, problem } from '@/testing/server';
import { openSite } from '@/testing/site';
import { basisOf, rowsOf, verdictOf } from './comparison';
import { serverlessBody, serverlessDraft, wakeTimeWords } from './serverless';

const SLOW = 15_000; // pages are loaded when they are opened
const PAINT = instance();
const PATH = `/instances/${PAINT.id}/sleep`;

beforeAll(() => Promise.all([import('./InstancePage'), import('./SleepPart')]), SLOW);

function outcome(cost_usd: number | null, wakes = 2): SimulationOutcome {
  return { wakes, hours_asleep: 5, hours_awake: 1, cost_usd, wait_p50_s: 20, wait_p99_s: 40 };
}

function simulation(more: Partial<Simulation> = {}): Simulation {
  return {
    instance_id: PAINT.id,
    spells: 12,
    since: NOON,
    insufficient_data: false,
    wake: { wake_s: 25, measured: 0, worth_s: 300, price_usd_per_hour: 0.24, waiting_usd_per_hour: 5, transfer_usd: 0 },
    asked: outcome(1.25),
    now: outcome(2),
    never: outcome(9, 0),
    optimum: null,
    ...more,
  };
}

const NONE = { insufficient_data: true, asked: null, now: null, never: null, spells: 0 };
const VERDICTS: readonly [Partial<Simulation>, string][] = [
  [{}, 'Over its 12 times of rest in the last 7 days it would have cost $1.25, $0.750 less than today.'],
  [{ asked: outcome(3) }, 'Over its 12 times of rest in the last 7 days it would have cost $3.00, $1.00 more than today.'],
  [{ asked: outcome(2), spells: 1 }, 'Over its 1 time of rest in the last 7 days it would have cost $2.00, as much as today.'],
  [{ asked: outcome(null, 1) }, 'Over its 12 times of rest in the last 7 days it would have been woken 1 time instead of 2; its price is unknown.'],
  [NONE, 'Nothing to compare yet: no time of rest of the last 7 days is remembered.'],
];

describe('a comparison', () => {
  it.each(VERDICTS)('of %j says no more than is known', (more, words) => {
    expect(verdictOf(simulation(more), 7)).toBe(words);
  });

  it('shows what there is, and on what it rests', () => {
    expect(rowsOf(simulation()).map(({ name }) => name)).toEqual(['As you set it', 'As it is today', 'Never asleep']);
    expect(basisOf(simulation())).toContain('25 s (assumed: none was measured)');
  });
});

describe('serverless', () => {
  it('rules come back from the form as they were', () => {
    const rules = { mode: 'fast', idle_timeout_seconds: 'adaptive', gpu_threshold: 8, keep_warm: true, overrides_hibernation: true } as const;

    expect(serverlessBody(serverlessDraft(rules))).toEqual({ mode: 'fast', idle_timeout_seconds: 'adaptive', gpu_threshold: 8 });
    expect(serverlessBody(serverlessDraft(null))).toEqual({ mode: 'economic', idle_timeout_seconds: 60, gpu_threshold: 5 });
  });

  it('foretells no wake from too few', () => {
    const few = { n: 2, p50_s: null, p90_s: null, insufficient_data: true, phases_p50_s: {} };

    expect(wakeTimeWords(few)).toContain('Too few');
    expect(wakeTimeWords({ ...few, n: 9, p50_s: 21.4, p90_s: 30, insufficient_data: false })).toBe(
      'Your last 9 wakes took 21.4 s at the median, nine of ten within 30 s.',
    );
  });
});

function server(): FakeServer {
  const policy = { enabled: true, idle_minutes: 3 };
  const status = { instance_id: PAINT.id, serverless: null, open_leases: 0, leases: [], stands_by: false };
  return new FakeServer()
    .on('POST', '/api/auth/refresh', () => json(session('2')))
    .on('GET', `/api/instances/${PAINT.id}`, () => json(PAINT))
    .on('GET', `/api/hibernation/policy/${PAINT.id}`, () => json(policy))
    .on('PUT', `/api/hibernation/policy/${PAINT.id}`, ({ body }) => json(body))
    .on('POST', '/api/hibernation/simulate', () => json({ days: 7, as_of: NOON, instances: [simulation()] }))
    .on('GET', `/api/serverless/status/${PAINT.id}`, () => json(status))
    .on('GET', '/api/serverless/status', () =>
      json({ modes: [{ mode: 'economic', sleeps: 'It is released.', wakes: 'It is rented.', limits: 'It boots.' }] }),
    )
    .on('GET', `/api/hibernation/explain/${PAINT.id}`, () =>
      json({
        instance_id: PAINT.id,
        state: 'running',
        verdict: 'busy',
        why: ['the GPU works at 85 %'],
        held_by: ['a session is open'],
        weighed: [],
        quiet_since: null,
        sleeps_at: null,
        next_turn: null,
        policy,
        as_of: NOON,
      }),
    );
}

describe('the sleep of a workspace', () => {
  it('is explained, compared before it is saved, and saved whole', async () => {
    const behind = server();
    const person = userEvent.setup();
    openSite(behind, PATH, 'refresh-1');

    const now = await screen.findByRole('region', { name: 'Now' });
    expect(await within(now).findByText('the GPU works at 85 %')).toBeDefined();
    await person.click(await screen.findByLabelText('When waiting no longer pays'));
    await person.click(screen.getByRole('button', { name: 'Compare with today' }));
    expect(await screen.findByText(/it would have cost \$1\.25, \$0\.750 less than today/)).toBeDefined();
    expect(behind.asked('PUT', `/api/hibernation/policy/${PAINT.id}`)).toEqual([]);
    await person.click(screen.getByLabelText('Never for being idle'));
    expect(screen.getByText('You have changed it since: compare again.')).toBeDefined();
    await person.click(screen.getByRole('button', { name: 'Save the policy' }));

    expect(await screen.findByText(/^Saved/)).toBeDefined();
    const [saved] = behind.asked('PUT', `/api/hibernation/policy/${PAINT.id}`);
    expect(saved?.body).toMatchObject({ enabled: false, adaptive: false, gpu_threshold_percent: 5, schedules: [] });
  }, SLOW);

  it('says why a policy is refused, and keeps what was set', async () => {
    const behind = server().on('PUT', `/api/hibernation/policy/${PAINT.id}`, () =>
      problem(422, 'invalid', { detail: 'There is no such time zone.', errors: [{ pointer: '/schedules/0/zone', message: 'unknown' }] }),
    );
    const person = userEvent.setup();
    openSite(behind, PATH, 'refresh-1');

    await person.click(await screen.findByRole('button', { name: 'Add a set time' }));
    await person.click(screen.getByRole('button', { name: 'Save the policy' }));

    expect((await screen.findByRole('alert')).textContent).toContain('There is no such time zone.');
    expect(screen.getByRole('group', { name: 'Set time 1' })).toBeDefined();
  }, SLOW);

  it('can be read and not changed in the demo', async () => {
    openSite(server(), `${PATH}?demo=true`);

    const policy = await screen.findByRole('region', { name: 'Policy' });
    expect(await within(policy).findByText('Sleeps after 3 min with the GPU below 5 %')).toBeDefined();
    expect(screen.queryByRole('button', { name: /Save|Switch|Compare|Keep/ })).toBeNull();
  }, SLOW);
});
