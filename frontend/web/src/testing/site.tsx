import { createMemoryHistory, RouterProvider } from '@tanstack/react-router';
import { render } from '@testing-library/react';
import { OWN_ORIGIN } from '@/api/places';
import { Session } from '@/api/session';
import { makeRouter } from '@/app/routes';
import { makeWorlds } from '@/app/worlds';
import type { FakeServer } from './server';
import { MemoryStorage } from './storage';

/** The whole site at an address, before a server of the test's own. */
export function openSite(server: FakeServer, at: string, refreshToken?: string): Session {
  const storage = new MemoryStorage();
  if (refreshToken) storage.setItem('dumont.refresh-token', refreshToken);
  const session = new Session(storage, { tell: () => undefined, listen: () => undefined });
  const router = makeRouter(makeWorlds(OWN_ORIGIN, session, server.fetch));
  router.update({ ...router.options, history: createMemoryHistory({ initialEntries: [at] }) });
  render(<RouterProvider router={router} />);
  return session;
}
