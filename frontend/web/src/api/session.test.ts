import { describe, expect, it } from 'vitest';
import { session as answered } from '@/testing/samples';
import { MemoryStorage } from '@/testing/storage';
import { Session, type Neighbours } from './session';

type Change = Parameters<Neighbours['tell']>[0];

/** Two tabs of one browser: what one tells, the other hears. */
function twoTabs(): [Session, Session] {
  const hearing: ((change: Change) => void)[] = [];
  const tab = () => {
    let own: ((change: Change) => void) | undefined;
    return new Session(new MemoryStorage(), {
      tell: (change) => {
        for (const hear of hearing) if (hear !== own) hear(change);
      },
      listen: (hear) => {
        own = hear;
        hearing.push(hear);
      },
    });
  };
  return [tab(), tab()];
}

describe('a duplicated tab', () => {
  it('takes the next token that its twin was given', () => {
    const [one, twin] = twoTabs();
    one.begin(answered('1'));
    twin.begin(answered('1'));

    one.begin(answered('2'));

    expect(twin.refreshToken).toBe('refresh-2');
  });

  it('signs out with its twin, and says why', () => {
    const [one, twin] = twoTabs();
    one.begin(answered('1'));
    twin.begin(answered('1'));

    one.end(null);

    expect(twin.view()).toEqual({
      signedIn: false,
      user: null,
      notice: 'You signed out in another tab.',
    });
  });

  it('with another login is left alone', () => {
    const [one, other] = twoTabs();
    one.begin(answered('1'));
    other.begin(answered('9'));

    one.begin(answered('2'));
    one.end(null);

    expect(other.refreshToken).toBe('refresh-9');
  });
});

describe('a session', () => {
  it('keeps the access token out of the storage', () => {
    const storage = new MemoryStorage();
    const session = new Session(storage, { tell: () => undefined, listen: () => undefined });

    session.begin(answered('1'));

    const kept = Array.from({ length: storage.length }, (_, index) => storage.getItem(storage.key(index) ?? ''));
    expect(kept).toEqual(['refresh-1']);
    expect(session.accessToken).toBe('access-1');
  });
});
