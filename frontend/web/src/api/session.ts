import type { SessionAnswer, User } from './contract';

const KEY = 'dumont.refresh-token';

/** What the page shows of a login. `notice` says why the last one ended. */
export interface SessionView {
  readonly signedIn: boolean;
  readonly user: User | null;
  readonly notice: string | null;
}

/** Tells other tabs that hold the same refresh token what has become of it. */
export interface Neighbours {
  tell: (change: Replaced) => void;
  listen: (hear: (change: Replaced) => void) => void;
}

interface Replaced {
  readonly was: string;
  readonly now: string | null;
}

/**
 * The login of this tab. The access token stays in memory; the refresh token is in sessionStorage,
 * which a duplicated tab inherits. A token that is used twice ends the login for both, so a tab
 * that replaces its token says so to those who hold the same.
 */
export class Session {
  #access: string | null = null;
  #view: SessionView;
  readonly #storage: Storage;
  readonly #neighbours: Neighbours;
  readonly #listeners = new Set<() => void>();

  constructor(storage: Storage, neighbours: Neighbours) {
    this.#storage = storage;
    this.#neighbours = neighbours;
    this.#view = { signedIn: this.refreshToken !== null, user: null, notice: null };
    neighbours.listen((change) => this.#follow(change));
  }

  get accessToken(): string | null {
    return this.#access;
  }

  get refreshToken(): string | null {
    return this.#storage.getItem(KEY);
  }

  /** A login, or the next pair of tokens of the same one. */
  begin(answer: SessionAnswer): void {
    const was = this.refreshToken;
    this.#access = answer.access_token;
    this.#storage.setItem(KEY, answer.refresh_token);
    if (was !== null) this.#neighbours.tell({ was, now: answer.refresh_token });
    this.#show({ signedIn: true, user: answer.user, notice: null });
  }

  end(notice: string | null): void {
    const was = this.refreshToken;
    this.#forget(notice);
    if (was !== null) this.#neighbours.tell({ was, now: null });
  }

  /** The access token was refused: the next call asks for another first. */
  dropAccess(token: string): void {
    if (this.#access === token) this.#access = null;
  }

  readonly view = (): SessionView => this.#view;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #follow({ was, now }: Replaced): void {
    if (this.refreshToken !== was) return;
    if (now === null) this.#forget('You signed out in another tab.');
    else this.#storage.setItem(KEY, now);
  }

  #forget(notice: string | null): void {
    this.#access = null;
    this.#storage.removeItem(KEY);
    this.#show({ signedIn: false, user: null, notice });
  }

  #show(view: SessionView): void {
    this.#view = view;
    for (const listener of this.#listeners) listener();
  }
}

/** The other tabs of this browser. */
export function otherTabs(): Neighbours {
  const channel = new BroadcastChannel('dumont.session');
  return {
    tell: (change) => channel.postMessage(change),
    listen: (hear) => {
      channel.onmessage = ({ data }: MessageEvent<unknown>) => {
        if (isReplaced(data)) hear(data);
      };
    },
  };
}

function isReplaced(told: unknown): told is Replaced {
  if (typeof told !== 'object' || told === null) return false;
  const { was, now } = told as Record<string, unknown>;
  return typeof was === 'string' && (now === null || typeof now === 'string');
}
