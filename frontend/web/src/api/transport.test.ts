import { describe, expect, it } from 'vitest';
import { FakeServer, json, problem } from '@/testing/server';
import { session as answered } from '@/testing/samples';
import { MemoryStorage } from '@/testing/storage';
import { Api } from './client';
import { OWN_ORIGIN } from './places';
import { Refused, Unanswered } from './problem';
import { Session, type Neighbours } from './session';
import { DemoTransport, PlainTransport, SessionTransport } from './transport';

const ALONE: Neighbours = { tell: () => undefined, listen: () => undefined };
const REFRESH = '/api/auth/refresh';
const ME = '/api/auth/me';

function signedIn(server: FakeServer) {
  const session = new Session(new MemoryStorage(), ALONE);
  session.begin(answered('1'));
  const plain = new PlainTransport(OWN_ORIGIN, server.fetch);
  return { session, api: new Api(new SessionTransport(plain, session)) };
}

/** Takes the second access token only, and each refresh token once. */
function rotating(): FakeServer {
  return new FakeServer()
    .on('POST', REFRESH, () => json(answered('2')))
    .on('GET', ME, ({ headers }) =>
      headers.get('Authorization') === 'Bearer access-2'
        ? json(answered('2').user)
        : problem(401, 'unauthenticated'),
    );
}

describe('a call in the name of somebody', () => {
  it('asks for a new token once when many calls find the old one refused', async () => {
    const server = rotating();
    const { api, session } = signedIn(server);

    const users = await Promise.all([1, 2, 3].map(() => api.get(ME, {})));

    expect(users).toHaveLength(3);
    expect(server.asked('POST', REFRESH)).toHaveLength(1);
    expect(server.asked('POST', REFRESH)[0]?.body).toEqual({ refresh_token: 'refresh-1' });
    expect(session.refreshToken).toBe('refresh-2');
  });

  it('asks for a token before its first call after a reload', async () => {
    const server = rotating();
    const storage = new MemoryStorage();
    storage.setItem('dumont.refresh-token', 'refresh-1');
    const plain = new PlainTransport(OWN_ORIGIN, server.fetch);
    const api = new Api(new SessionTransport(plain, new Session(storage, ALONE)));

    await api.get(ME, {});

    expect(server.calls.map((each) => each.path)).toEqual([REFRESH, ME]);
  });

  it('ends the login when the server has ended it', async () => {
    const server = rotating().on('POST', REFRESH, () => problem(401, 'unauthenticated'));
    const { api, session } = signedIn(server);

    await expect(api.get(ME, {})).rejects.toBeInstanceOf(Refused);

    expect(session.view()).toMatchObject({ signedIn: false, notice: expect.stringContaining('Sign in again') as string });
    expect(session.refreshToken).toBeNull();
  });

  it('keeps the login when the server does not answer', async () => {
    const server = rotating().on('POST', REFRESH, () => new TypeError('network'));
    const { api, session } = signedIn(server);

    await expect(api.get(ME, {})).rejects.toBeInstanceOf(Unanswered);

    expect(session.view().signedIn).toBe(true);
  });
});

describe('an answer', () => {
  it('that is no problem of ours is not taken for one', async () => {
    const server = new FakeServer().on('GET', ME, () => new Response('<h1>502</h1>', { status: 502 }));

    await expect(signedIn(server).api.get(ME, {})).rejects.toThrow('The server answered 502');
  });

  it('carries the server’s words and trace id', async () => {
    const server = new FakeServer().on('GET', ME, () => problem(503, 'store_unavailable'));

    const refused = await signedIn(server).api.get(ME, {}).catch((error: unknown) => error);

    expect((refused as Refused).problem).toMatchObject({ code: 'store_unavailable', trace_id: expect.stringMatching(/^a20/) as string });
  });
});

describe('a request', () => {
  it('fills its path, leaves out what is not given, and carries its key', async () => {
    const server = new FakeServer().on('POST', '/api/instances/a%2Fb/wake', () => json({}, 202));

    await signedIn(server).api.post('/api/instances/{instance_id}/wake', {
      path: { instance_id: 'a/b' },
      body: { region: 'EU' },
      idempotencyKey: 'once',
    });

    const [call] = server.calls;
    expect(call).toMatchObject({ body: { region: 'EU' }, query: {} });
    expect(call?.headers.get('Idempotency-Key')).toBe('once');
  });

  it('of the demo names nobody and says that it is a look', async () => {
    const server = new FakeServer().on('GET', '/api/instances', () => json({ items: [] }));

    await new Api(new DemoTransport(new PlainTransport(OWN_ORIGIN, server.fetch))).get('/api/instances', {});

    expect(server.calls[0]?.query).toEqual({ demo: 'true' });
    expect(server.calls[0]?.headers.has('Authorization')).toBe(false);
  });
});
