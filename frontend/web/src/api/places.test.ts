import { describe, expect, it } from 'vitest';
import { FakeServer, json } from '@/testing/server';
import { findPlaces, OWN_ORIGIN, urlOf } from './places';

describe('where a call goes', () => {
  const places = { areas: { auth: 'https://auth.example.org/', system: 'https://system.example.org' } };

  it.each([
    ['/api/auth/login', 'https://auth.example.org/api/auth/login'],
    ['/health', 'https://system.example.org/health'],
    ['/api/instances', '/api/instances'],
  ])('%s is at %s', (path, url) => {
    expect(urlOf(places, path)).toBe(url);
  });
});

describe('the configuration of the site', () => {
  it('names the functions behind the areas', async () => {
    const server = new FakeServer().on('GET', '/config.json', () =>
      json({ areas: { auth: 'https://auth.example.org', bad: 7, script: 'javascript:alert(1)' } }),
    );

    expect(await findPlaces(server.fetch)).toEqual({ areas: { auth: 'https://auth.example.org' } });
  });

  it.each([
    ['is missing', () => new Response('', { status: 404 })],
    ['is no JSON', () => new Response('<html>')],
    ['says nothing of areas', () => json({ name: 'Dumont Cloud' })],
    ['cannot be had', () => new TypeError('network')],
  ])('that %s leaves everything at the own origin', async (_, answer) => {
    const server = new FakeServer().on('GET', '/config.json', answer);

    expect(await findPlaces(server.fetch)).toEqual(OWN_ORIGIN);
  });
});
