import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { SessionAnswer } from '@/api/contract';
import { useConnection } from '@/parts/connection';

interface Credentials {
  readonly email: string;
  readonly password: string;
}

interface Registration extends Credentials {
  readonly setupToken: string | null;
}

export function useSignIn() {
  const { open, session } = useConnection();
  return useMutation({
    mutationFn: (body: Credentials) => open.post('/api/auth/login', { body }),
    onSuccess: (answer: SessionAnswer) => session.begin(answer),
  });
}

/** Makes an account and signs in to it. */
export function useRegister() {
  const { open, session } = useConnection();
  return useMutation({
    mutationFn: async ({ email, password, setupToken }: Registration) => {
      const body = { email, password, ...(setupToken ? { setup_token: setupToken } : {}) };
      await open.post('/api/auth/register', { body });
      return open.post('/api/auth/login', { body: { email, password } });
    },
    onSuccess: (answer: SessionAnswer) => session.begin(answer),
  });
}

/** Ends the login here at once, and at the server as soon as it hears of it. */
export function useSignOut() {
  const { open, session } = useConnection();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async () => {
      const token = session.refreshToken;
      session.end(null);
      queries.clear();
      if (token !== null) await open.post('/api/auth/logout', { body: { refresh_token: token } });
    },
  });
}
