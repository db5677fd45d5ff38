import { screen, waitFor, within } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Budget } from '@/api/contract';
import { budget, instance, NOON, session } from '@/testing/samples';
import { FakeServer, json, problem } from '@/testing/server';
import { openSite } from '@/testing/site';
import { limitIn } from './limit';
import { standingOf } from './standing';

const SLOW = 15_000; // pages are loaded when they are opened
const PAINT = instance();

beforeAll(() => import('./BudgetsPage'), SLOW);

const STANDINGS: readonly [string, Partial<Budget>, ReturnType<typeof standingOf>][] = [
  ['without a cap', { cap_usd: null, at_limit: null, left_usd: null }, { tone: 'still', words: 'no cap', used: null }],
  ['far from it', {}, { tone: 'good', words: 'within', used: { spent: 0.2, held: 0.1 } }],
  ['from 80 % on', { spent_usd: 40, reserved_usd: 0, left_usd: 10 }, { tone: 'warn', words: 'near the limit', used: { spent: 0.8, held: 0 } }],
  ['with all of it held', { spent_usd: 10, reserved_usd: 60, left_usd: 0 }, { tone: 'warn', words: 'all is spent or held back', used: { spent: 0.2, held: 0.8 } }],
  ['with all of it held, where it only tells', { at_limit: 'warn', reserved_usd: 60, left_usd: 0 }, { tone: 'good', words: 'within', used: { spent: 0.2, held: 0.8 } }],
  ['beyond it', { spent_usd: 60, reserved_usd: 1, left_usd: 0 }, { tone: 'bad', words: 'at the limit', used: { spent: 1, held: 0 } }],
  ['of nothing', { cap_usd: 0, spent_usd: 0, reserved_usd: 0, left_usd: 0 }, { tone: 'bad', words: 'at the limit', used: { spent: 1, held: 0 } }],
];

it.each(STANDINGS)('a cap %s stands so', (_, more, expected) => {
  expect(standingOf(budget(more))).toEqual(expected);
});

it('a form asks for what it says, for all where it names no workspace', () => {
  const fields = new FormData();
  fields.set('cap_usd', ' 2.5 ');
  fields.set('at_limit', 'hibernate');

  expect(limitIn(fields)).toEqual({ instance_id: null, period: 'monthly', cap_usd: 2.5, at_limit: 'hibernate' });
});

function server(items: readonly Budget[]): FakeServer {
  const answer = () => json({ items, month: '2026-11', month_ends_at: NOON, as_of: NOON });
  return new FakeServer()
    .on('POST', '/api/auth/refresh', () => json(session('2')))
    .on('GET', '/api/instances', () => json({ items: [PAINT], count: 1, total_usd_per_hour: 0 }))
    .on('GET', '/api/instances/balance', () =>
      json({
        items: [{ provider: 'vast', account_id: 'acc_1', credit_usd: 12.5, spent_today_usd: null, spent_this_month_usd: 3 }],
        as_of: NOON,
        warnings: [{ provider: 'vast', code: 'provider_busy', message: 'today is missing' }],
      }),
    )
    .on('GET', '/api/budgets', answer)
    .on('PUT', '/api/budgets', answer);
}

describe('the budgets', () => {
  it('name the workspace, and call unknown what a provider does not tell', async () => {
    openSite(server([budget(), budget({ instance_id: PAINT.id })]), '/budgets', 'refresh-1');

    const one = await screen.findByRole('table', { name: 'For one workspace' });
    expect(await within(one).findByRole('link', { name: 'paint' })).toBeDefined();
    const providers = await screen.findByRole('table', { name: 'Providers' });
    expect(within(providers).getByRole('row', { name: /vast/ }).textContent).toBe('vast$12.50unknown$3.00');
    expect(screen.getByText('vast: today is missing')).toBeDefined();
  }, SLOW);

  it('say why a cap is refused, and keep what was typed', async () => {
    const behind = server([budget({ cap_usd: null, at_limit: null, left_usd: null })]).on('PUT', '/api/budgets', () =>
      problem(422, 'invalid', { detail: 'A cap is at most 10,000,000.' }),
    );
    const person = userEvent.setup();
    openSite(behind, '/budgets', 'refresh-1');

    await person.click(await screen.findByRole('button', { name: /^Set a cap: monthly/ }));
    const dialog = screen.getByRole('dialog');
    await person.type(within(dialog).getByLabelText('Cap, USD a month'), '25');
    await person.click(within(dialog).getByRole('button', { name: 'Set the cap' }));

    expect((await within(dialog).findByRole('alert')).textContent).toContain('A cap is at most 10,000,000.');
    expect(within(dialog).getByDisplayValue('25')).toBeDefined();
  }, SLOW);

  it('are removed by null, once that is confirmed', async () => {
    const behind = server([budget({ instance_id: PAINT.id, period: 'hourly' })]);
    const person = userEvent.setup();
    openSite(behind, '/budgets', 'refresh-1');

    await person.click(await screen.findByRole('button', { name: 'Remove: hourly cap of paint' }));
    expect(behind.asked('PUT', '/api/budgets')).toEqual([]);
    await person.click(screen.getByRole('button', { name: 'Remove it' }));

    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(behind.asked('PUT', '/api/budgets')[0]?.body).toEqual({ instance_id: PAINT.id, period: 'hourly', cap_usd: null });
  }, SLOW);

  it('cannot be changed in the demo', async () => {
    openSite(server([budget()]), '/budgets?demo=true');

    await screen.findByRole('table', { name: 'For all that you rent' });
    expect(screen.queryByRole('button', { name: /cap/ })).toBeNull();
  }, SLOW);
});
