import { screen, waitFor, within } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { beforeAll, describe, expect, it } from 'vitest';
import { openSite } from '@/testing/site';
import { instance, NOON, session } from '@/testing/samples';
import { FakeServer, json, problem } from '@/testing/server';
import { chooseTheme, chosenTheme } from './theme';
import { MemoryStorage } from '@/testing/storage';

const SLOW = 15_000; // pages are loaded when they are opened

beforeAll(async () => {
  await Promise.all([
    import('@/features/fleet/FleetPage'),
    import('@/features/session/SignInPage'),
    import('@/features/instances/InstancePage'),
    import('@/features/instances/OverviewPart'),
  ]);
}, SLOW);

function server(): FakeServer {
  return new FakeServer()
    .on('POST', '/api/auth/login', () => json(session('1')))
    .on('POST', '/api/auth/refresh', () => json(session('2')))
    .on('POST', '/api/auth/logout', () => new Response(null, { status: 204 }))
    .on('GET', '/api/instances', () => json({ items: [instance()], count: 1, total_usd_per_hour: 0.06 }))
    .on('GET', '/api/instances/balance', () => json({ items: [], as_of: NOON, warnings: [] }))
    .on('GET', '/api/budgets', () => json({ items: [], month: '2026-11', month_ends_at: NOON, as_of: NOON }));
}

describe('who is nobody', () => {
  it('signs in first and comes back to the page that was asked for', async () => {
    const behind = server();
    const person = userEvent.setup();
    openSite(behind, '/');

    await person.type(await screen.findByLabelText('E-mail'), 'you@example.org');
    await person.type(screen.getByLabelText('Password'), 'correct horse battery');
    await person.click(screen.getByRole('button', { name: 'Sign in' }));

    expect(await screen.findByRole('heading', { name: 'Fleet' })).toBeDefined();
    expect(behind.asked('GET', '/api/instances')[0]?.headers.get('Authorization')).toBe('Bearer access-1');
  });

  it('is told in words why a login is refused, with the trace id', async () => {
    const behind = server().on('POST', '/api/auth/login', () =>
      problem(401, 'unauthenticated', { title: 'Not logged in', detail: 'Wrong e-mail or password.' }),
    );
    const person = userEvent.setup();
    openSite(behind, '/');

    await person.type(await screen.findByLabelText('E-mail'), 'you@example.org');
    await person.type(screen.getByLabelText('Password'), 'wrong');
    await person.click(screen.getByRole('button', { name: 'Sign in' }));

    const alert = await screen.findByRole('alert');
    expect(alert.textContent).toContain('Wrong e-mail or password.');
    expect(alert.textContent).toContain('a20243fb4e82a9cfbb9e76ba7b7e8687');
  });

  it('may look at the demo, which offers no order', async () => {
    const behind = server();
    openSite(behind, '/?demo=true');

    expect(await screen.findByRole('link', { name: 'paint' })).toBeDefined();
    expect(screen.getByRole('note').textContent).toContain('Demo');
    expect(behind.calls.every((each) => each.method === 'GET' && each.query.demo === 'true')).toBe(true);
  });

  it('is not led to another site after signing in', async () => {
    const behind = server();
    const person = userEvent.setup();
    openSite(behind, '/sign-in?from=%2F%2Fevil.example');

    await person.type(await screen.findByLabelText('E-mail'), 'you@example.org');
    await person.type(screen.getByLabelText('Password'), 'correct horse battery');
    await person.click(screen.getByRole('button', { name: 'Sign in' }));

    expect(await screen.findByRole('heading', { name: 'Fleet' })).toBeDefined();
  });
});

describe('the fleet', () => {
  it('says unknown where nobody tells what is spent', async () => {
    openSite(server(), '/', 'refresh-1');

    const term = await screen.findByText('Spending now');
    expect(term.nextElementSibling?.textContent).toBe('unknown');
  });

  it('without a workspace says what to do', async () => {
    const empty = server().on('GET', '/api/instances', () => json({ items: [], count: 0, total_usd_per_hour: 0 }));
    openSite(empty, '/', 'refresh-1');

    const card = await screen.findByRole('region', { name: 'Workspaces' });
    expect(await within(card).findByRole('link', { name: 'Find a machine' })).toBeDefined();
  });

  it('is left for the sign-in when the login ends', async () => {
    const ended = server().on('POST', '/api/auth/refresh', () => problem(401, 'unauthenticated'));
    openSite(ended, '/', 'refresh-1');

    expect(await screen.findByText('Your login has ended. Sign in again.')).toBeDefined();
  });

  it('is forgotten when somebody signs out', async () => {
    const behind = server();
    const login = openSite(behind, '/', 'refresh-1');
    await screen.findByRole('link', { name: 'paint' });

    await userEvent.setup().click(screen.getByRole('button', { name: 'Sign out' }));

    expect(await screen.findByLabelText('E-mail')).toBeDefined();
    expect(login.refreshToken).toBeNull();
    await waitFor(() => expect(behind.asked('POST', '/api/auth/logout')[0]?.body).toEqual({ refresh_token: 'refresh-2' }));
  });
});

describe('an order', () => {
  it('that got no answer is repeated under the same key', async () => {
    const one = instance();
    let answers = 0;
    const path = `/api/instances/${one.id}/pause`;
    const behind = server()
      .on('GET', `/api/instances/${one.id}`, () => json(one))
      .on('GET', `/api/instances/${one.id}/metrics`, () => json({ instance_id: one.id, as_of: null, items: [] }))
      .on('POST', path, () => {
        answers += 1;
        if (answers === 1) return new TypeError('the line broke');
        const operation = { id: 'op_1', kind: 'pause', target: one.id, state: 'running', created_at: NOON, phases: [] };
        return json({ operation, instance: { ...one, state: 'pausing' } }, 202);
      });
    const person = userEvent.setup();
    openSite(behind, `/instances/${one.id}`, 'refresh-1');

    await person.click(await screen.findByRole('button', { name: 'Pause' }));
    await screen.findByRole('alert');
    await person.click(screen.getByRole('button', { name: 'Pause' }));

    await waitFor(() => expect(behind.asked('POST', path)).toHaveLength(2));
    const [first, second] = behind.asked('POST', path).map((each) => each.headers.get('Idempotency-Key'));
    expect(first).toBeTruthy();
    expect(second).toBe(first);
  });
});

describe('the theme', () => {
  it('that was chosen is kept, and the system’s is the default', () => {
    const storage = new MemoryStorage();
    const root = document.createElement('html');

    chooseTheme('dark', storage, root);
    const kept = chosenTheme(storage);
    chooseTheme('system', storage, root);

    expect(kept).toBe('dark');
    expect(root.dataset.theme).toBeUndefined();
    expect(chosenTheme(storage)).toBe('system');
  });
});
