import { queryOptions } from '@tanstack/react-query';
import type { Api } from '@/api/client';

/** The user's own two lines, which come first. */
export function budgetsQuery(api: Api) {
  return queryOptions({
    queryKey: ['budgets'],
    queryFn: ({ signal }) => api.get('/api/budgets', { query: { limit: 2 }, signal }),
    refetchInterval: 6000,
  });
}

/** Asks the providers themselves, so it is not asked often. */
export function balanceQuery(api: Api) {
  return queryOptions({
    queryKey: ['balance'],
    queryFn: ({ signal }) => api.get('/api/instances/balance', { signal }),
    staleTime: 30_000,
    refetchInterval: 60_000,
  });
}
