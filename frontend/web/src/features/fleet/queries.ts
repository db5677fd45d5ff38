import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { Api } from '@/api/client';
import { isMoving } from '@/parts/states';

const PAGE = 100;

/** Your instances, page by page; quicker while one of them is on its way. */
export function fleetQuery(api: Api) {
  return infiniteQueryOptions({
    queryKey: ['fleet'],
    queryFn: ({ pageParam, signal }) =>
      api.get('/api/instances', {
        query: { limit: PAGE, ...(pageParam ? { page_token: pageParam } : {}) },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_page_token ?? undefined,
    refetchInterval: ({ state }) => {
      const shown = state.data?.pages.flatMap((page) => page.items) ?? [];
      return shown.some((each) => isMoving(each.state)) ? 2000 : 6000;
    },
  });
}

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
    refetchInterval: 60_000,
  });
}
