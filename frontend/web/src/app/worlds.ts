import { QueryClient } from '@tanstack/react-query';
import { Api } from '@/api/client';
import type { Places } from '@/api/places';
import { mayPass } from '@/api/problem';
import type { Session } from '@/api/session';
import { DemoTransport, PlainTransport, SessionTransport } from '@/api/transport';
import type { Connection } from '@/parts/connection';

/** A connection with the answers that came over it: no page shows another tenant's. */
export interface World {
  readonly connection: Connection;
  readonly queries: QueryClient;
}

export interface Worlds {
  readonly own: World;
  readonly demo: World;
}

export function makeWorlds(places: Places, session: Session, send: typeof fetch): Worlds {
  const plain = new PlainTransport(places, send);
  const open = new Api(plain);
  return {
    own: {
      connection: { api: new Api(new SessionTransport(plain, session)), open, session, isDemo: false },
      queries: queryClient(),
    },
    demo: {
      connection: { api: new Api(new DemoTransport(plain)), open, session, isDemo: true },
      queries: queryClient(),
    },
  };
}

const TRIES = 3;

/** Looks are repeated where that may help; an order is repeated only by whoever gave it. */
function queryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 1000,
        retry: (count, error) => count < TRIES && mayPass(error),
      },
      mutations: { retry: false },
    },
  });
}
