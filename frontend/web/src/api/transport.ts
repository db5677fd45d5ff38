import type { SessionAnswer } from './contract';
import { urlOf, type Places } from './places';
import { problemIn, Refused, Unanswered } from './problem';
import type { Session } from './session';

export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly query?: URLSearchParams;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Sends a call and answers what the server said. Throws Refused or Unanswered. */
export interface Transport {
  readonly send: (call: Sent) => Promise<Response>;
}

const ENDED = 'Your login has ended. Sign in again.';

/** Without anybody's name: for signing in, and for what is public. */
export class PlainTransport implements Transport {
  readonly #places: Places;
  readonly #fetch: typeof fetch;

  constructor(places: Places, send: typeof fetch) {
    this.#places = places;
    this.#fetch = send;
  }

  readonly send = async (call: Sent): Promise<Response> => {
    const answer = await this.#fetched(call);
    if (answer.ok) return answer;
    throw await problemIn(answer);
  };

  async #fetched(call: Sent): Promise<Response> {
    const query = call.query?.size ? `?${call.query.toString()}` : '';
    const hasBody = call.body !== undefined;
    try {
      return await this.#fetch(urlOf(this.#places, call.path) + query, {
        method: call.method,
        headers: {
          Accept: 'application/json',
          ...(hasBody ? { 'Content-Type': 'application/json' } : {}),
          ...call.headers,
        },
        ...(hasBody ? { body: JSON.stringify(call.body) } : {}),
        ...(call.signal ? { signal: call.signal } : {}),
        credentials: 'omit',
        redirect: 'error',
        cache: 'no-store',
      });
    } catch (cause) {
      if (call.signal?.aborted) throw cause;
      throw new Unanswered('The server does not answer. Is the connection there?', cause);
    }
  }
}

/** The demo tenant's: every call is a look. */
export class DemoTransport implements Transport {
  readonly #plain: Transport;

  constructor(plain: Transport) {
    this.#plain = plain;
  }

  readonly send = (call: Sent): Promise<Response> => {
    const query = new URLSearchParams(call.query);
    query.set('demo', 'true');
    return this.#plain.send({ ...call, query });
  };
}

/** In the name of who is signed in. Of many calls that need a new token, one asks for it. */
export class SessionTransport implements Transport {
  readonly #plain: Transport;
  readonly #session: Session;
  readonly #alone: <T>(work: () => Promise<T>) => Promise<T>;
  #refreshing: Promise<string> | null = null;

  constructor(plain: Transport, session: Session, alone = alongTabs) {
    this.#plain = plain;
    this.#session = session;
    this.#alone = alone;
  }

  readonly send = async (call: Sent): Promise<Response> => {
    const token = this.#session.accessToken ?? (await this.#refreshed());
    try {
      return await this.#named(call, token);
    } catch (error) {
      if (!isLoggedOut(error)) throw error;
      this.#session.dropAccess(token);
      return await this.#named(call, this.#session.accessToken ?? (await this.#refreshed()));
    }
  };

  #named(call: Sent, token: string): Promise<Response> {
    const headers = { ...call.headers, Authorization: `Bearer ${token}` };
    return this.#plain.send({ ...call, headers });
  }

  #refreshed(): Promise<string> {
    this.#refreshing ??= this.#alone(() => this.#refresh()).finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<string> {
    const token = this.#session.refreshToken;
    if (token === null) {
      this.#session.end(ENDED);
      throw new Unanswered(ENDED);
    }
    const body = { refresh_token: token };
    try {
      const answer = await this.#plain.send({ method: 'POST', path: '/api/auth/refresh', body });
      const next = (await answer.json()) as SessionAnswer;
      this.#session.begin(next);
      return next.access_token;
    } catch (error) {
      if (isLoggedOut(error)) this.#session.end(ENDED);
      throw error;
    }
  }
}

function isLoggedOut(error: unknown): boolean {
  return error instanceof Refused && error.status === 401;
}

/** One tab at a time, where the browser can say so: it cannot on a page that came unencrypted. */
async function alongTabs<T>(work: () => Promise<T>): Promise<T> {
  const { locks } = navigator as { readonly locks?: LockManager | null };
  return locks ? locks.request('dumont.refresh', work) : work();
}
