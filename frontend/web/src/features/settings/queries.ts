import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import type { Api } from '@/api/client';
import type { ApiKeyBody, PasswordBody, Policy, ProviderKeyBody } from '@/api/contract';
import { useApi } from '@/parts/connection';

const PAGE = 100;

export function meQuery(api: Api) {
  return queryOptions({
    queryKey: ['me'],
    queryFn: ({ signal }) => api.get('/api/auth/me', { signal }),
  });
}

export function useChangePassword() {
  const api = useApi();
  return useMutation({
    mutationFn: (body: PasswordBody) => api.put('/api/auth/password', { body }),
  });
}

export function providersQuery(api: Api) {
  return queryOptions({
    queryKey: ['providers'],
    queryFn: ({ signal }) => api.get('/api/settings/providers', { signal }),
  });
}

/** What follows from another key: who is set up, what they hold, what can be rented. */
function useProvidersRenewed() {
  const queries = useQueryClient();
  return async () => {
    await queries.invalidateQueries({ queryKey: ['providers'] });
    await queries.invalidateQueries({ queryKey: ['balance'] });
  };
}

/** The provider is asked before the key is kept. */
export function useSetProviderKey() {
  const api = useApi();
  const renewed = useProvidersRenewed();
  return useMutation({
    mutationFn: (body: ProviderKeyBody) => api.put('/api/settings/providers', { body }),
    onSuccess: renewed,
  });
}

export function useRemoveProviderKey() {
  const api = useApi();
  const renewed = useProvidersRenewed();
  return useMutation({
    mutationFn: (provider: string) =>
      api.delete('/api/settings/providers/{provider}', { path: { provider } }),
    onSuccess: renewed,
  });
}

/** Asks every provider with the keys that are kept. */
export function useTestKeys() {
  const api = useApi();
  return useMutation({ mutationFn: () => api.get('/api/instances/balance', {}) });
}

export function sshKeyQuery(api: Api) {
  return queryOptions({
    queryKey: ['ssh key'],
    queryFn: ({ signal }) => api.get('/api/settings/ssh-key', { signal }),
  });
}

/** Sets the key; "" removes it. */
export function useSetSshKey() {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (line: string) => api.put('/api/settings/ssh-key', { body: { public_key: line } }),
    onSuccess: (kept) => queries.setQueryData(['ssh key'], kept),
  });
}

export function apiKeysQuery(api: Api) {
  return infiniteQueryOptions({
    queryKey: ['api keys'],
    queryFn: ({ pageParam, signal }) =>
      api.get('/api/auth/keys', {
        query: { limit: PAGE, ...(pageParam ? { page_token: pageParam } : {}) },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_page_token ?? undefined,
  });
}

/** The answer holds the key itself, and is forgotten with the dialog that shows it. */
export function useMakeApiKey() {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: ApiKeyBody) => api.post('/api/auth/keys', { body }),
    gcTime: 0,
    onSuccess: () => queries.invalidateQueries({ queryKey: ['api keys'] }),
  });
}

export function useRevokeApiKey() {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (keyId: string) => api.delete('/api/auth/keys/{key_id}', { path: { key_id: keyId } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['api keys'] }),
  });
}

/** When instances to come sleep, where their order does not say. */
export function defaultPolicyQuery(api: Api) {
  return queryOptions({
    queryKey: ['default policy'],
    queryFn: ({ signal }) => api.get('/api/hibernation/policy', { signal }),
  });
}

export function useSaveDefaultPolicy() {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Policy) => api.put('/api/hibernation/policy', { body }),
    onSuccess: (kept) => queries.setQueryData(['default policy'], kept),
  });
}
