import { screen, waitFor, within } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Balances } from '@/api/contract';
import { NOON, session } from '@/testing/samples';
import { FakeServer, json, problem } from '@/testing/server';
import { openSite } from '@/testing/site';
import { apiKeyIn, hasExpired } from './apiKey';
import { checkOf } from './keyCheck';

const SLOW = 15_000; // pages are loaded when they are opened
const KEY = 'dck_01_this-once';

beforeAll(() => import('./SettingsPage'), SLOW);

function fields(of: Readonly<Record<string, string>>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(of)) form.set(name, value);
  return form;
}

describe('an API key', () => {
  it('may do what is checked, and ends so many days from now', () => {
    const asked = apiKeyIn(fields({ name: ' build ', read: 'on', metrics: 'on', days: '30' }), new Date(NOON));

    expect(asked).toEqual({ name: 'build', scopes: ['read', 'metrics'], expires_at: '2026-12-30T12:00:00.000Z' });
    expect(apiKeyIn(fields({ name: 'x', days: '' }), new Date(NOON)).expires_at).toBeNull();
  });

  it('has ended at its end', () => {
    expect(hasExpired(NOON, new Date(NOON))).toBe(true);
    expect(hasExpired('2026-11-30T12:00:01Z', new Date(NOON))).toBe(false);
    expect(hasExpired(null, new Date(NOON))).toBe(false);
  });
});

function balances(credit_usd: number | null, ...codes: readonly string[]): Balances {
  return {
    items: [{ provider: 'vast', account_id: 'acc_1', credit_usd, spent_today_usd: null, spent_this_month_usd: null }],
    as_of: NOON,
    warnings: codes.map((code) => ({ provider: 'vast', code, message: 'it is busy' })),
  };
}

const CHECKS: readonly [Balances, boolean | null, string][] = [
  [balances(12.5), true, 'holds $12.50'],
  [balances(12.5, 'provider_busy'), true, 'holds $12.50'],
  [balances(null), true, 'does not tell'],
  [balances(null, 'provider_key_rejected'), false, 'does not take the key'],
  [balances(null, 'provider_busy'), null, 'Not known: it is busy'],
];

it.each(CHECKS)('a provider key is judged by what its provider says', (told, isGood, words) => {
  const check = checkOf('vast', told);

  expect(check.isGood).toBe(isGood);
  expect(check.words).toContain(words);
});

function server(): FakeServer {
  const key = { id: 'key_1', name: 'build', scopes: ['read'], created_at: NOON, expires_at: null, last_used_at: null, instance_id: null };
  return new FakeServer()
    .on('POST', '/api/auth/refresh', () => json(session('2')))
    .on('GET', '/api/auth/me', () => json({ id: 'user_1', email: 'you@example.org', created_at: NOON, demo: false }))
    .on('GET', '/api/settings/providers', () =>
      json({ items: [{ provider: 'vast', is_set: true, accepted_at: NOON }, { provider: 'tensordock', is_set: false, accepted_at: null }] }),
    )
    .on('GET', '/api/auth/keys', () => json({ items: [key], next_page_token: null }))
    .on('POST', '/api/auth/keys', () => json({ ...key, id: 'key_2', key: KEY }, 201))
    .on('DELETE', '/api/auth/keys/key_1', () => new Response(null, { status: 204 }))
    .on('GET', '/api/settings/ssh-key', () => json({ public_key: null, fingerprint: null, comment: null, set_at: null }))
    .on('PUT', '/api/settings/ssh-key', ({ body }) =>
      json({ ...(body as object), fingerprint: 'SHA256:abc', comment: 'you@laptop', set_at: NOON }),
    )
    .on('GET', '/api/hibernation/policy', () => json({}))
    .on('PUT', '/api/auth/password', () => new Response(null, { status: 204 }));
}

describe('the settings', () => {
  it('show a new key once, and forget it with its dialog', async () => {
    const person = userEvent.setup();
    openSite(server(), '/settings', 'refresh-1');

    await person.click(await screen.findByRole('button', { name: 'Make a key …' }));
    await person.type(screen.getByLabelText('Name'), 'build');
    await person.click(screen.getByRole('button', { name: 'Make the key' }));
    expect(await screen.findByText(KEY)).toBeDefined();
    expect(screen.getByRole('button', { name: 'Copy the API key' })).toBeDefined();
    await person.click(screen.getByRole('button', { name: 'Done' }));

    await waitFor(() => expect(screen.queryByText(KEY)).toBeNull());
  }, SLOW);

  it('revoke a key once that is confirmed', async () => {
    const behind = server();
    const person = userEvent.setup();
    openSite(behind, '/settings', 'refresh-1');

    await person.click(await screen.findByRole('button', { name: 'Revoke: build' }));
    expect(behind.asked('DELETE', '/api/auth/keys/key_1')).toEqual([]);
    await person.click(screen.getByRole('button', { name: 'Revoke it' }));

    await waitFor(() => expect(behind.asked('DELETE', '/api/auth/keys/key_1')).toHaveLength(1));
  }, SLOW);

  it('say why a provider key is not kept, and show none', async () => {
    const behind = server().on('PUT', '/api/settings/providers', () =>
      problem(422, 'invalid', { detail: 'The provider does not accept this key.' }),
    );
    const person = userEvent.setup();
    openSite(behind, '/settings', 'refresh-1');

    await person.click(await screen.findByRole('button', { name: 'Set a key: tensordock' }));
    const field = screen.getByLabelText<HTMLInputElement>('API key');
    await person.type(field, 'no-key');
    await person.click(screen.getByRole('button', { name: 'Test and keep it' }));

    expect((await screen.findByRole('alert')).textContent).toContain('The provider does not accept this key.');
    expect(field.type).toBe('password');
    expect(behind.asked('PUT', '/api/settings/providers')[0]?.body).toEqual({ provider: 'tensordock', api_key: 'no-key' });
  }, SLOW);

  it('keep a public SSH key, and show it by its fingerprint', async () => {
    const person = userEvent.setup();
    openSite(server(), '/settings', 'refresh-1');

    const card = within(await screen.findByRole('region', { name: 'SSH key' }));
    await person.type(await card.findByLabelText('Public key'), 'ssh-ed25519 AAAA you@laptop');
    await person.click(card.getByRole('button', { name: 'Keep the key' }));

    expect(await card.findByText('SHA256:abc')).toBeDefined();
    expect(card.getByText('It is kept.')).toBeDefined();
    expect(card.getByLabelText<HTMLTextAreaElement>('Another public key').value).toBe('');
  }, SLOW);

  it('ask for a new password twice', async () => {
    const behind = server();
    const person = userEvent.setup();
    openSite(behind, '/settings', 'refresh-1');

    const card = within(await screen.findByRole('region', { name: 'Password' }));
    await person.type(card.getByLabelText('Password of today'), 'old enough');
    await person.type(card.getByLabelText('New password'), 'correct horse battery');
    await person.type(card.getByLabelText('New password again'), 'correct horse');
    await person.click(card.getByRole('button', { name: 'Change the password' }));
    expect(card.getByText('This is not the same.')).toBeDefined();
    expect(behind.asked('PUT', '/api/auth/password')).toEqual([]);
    await person.type(card.getByLabelText('New password again'), ' battery');
    await person.click(card.getByRole('button', { name: 'Change the password' }));

    expect(await card.findByText(/^Your password is changed/)).toBeDefined();
    expect(card.getByLabelText<HTMLInputElement>('New password').value).toBe('');
  }, SLOW);
});
