import { createContext, use } from 'react';
import type { Api } from '@/api/client';
import type { Session } from '@/api/session';

/** In whose name this page calls. The demo may be looked at and not changed. */
export interface Connection {
  readonly api: Api;
  readonly open: Api; // without anybody's name
  readonly session: Session;
  readonly isDemo: boolean;
}

export const ConnectionContext = createContext<Connection | null>(null);

export function useConnection(): Connection {
  const connection = use(ConnectionContext);
  if (connection === null) throw new Error('There is no connection around this component.');
  return connection;
}

export function useApi(): Api {
  return useConnection().api;
}
