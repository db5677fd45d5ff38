import { infiniteQueryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import type { Api } from '@/api/client';
import type { BudgetBody } from '@/api/contract';
import { useApi } from '@/parts/connection';

const PAGE = 100;
const EVERY_MS = 6000;

/** Every cap and what costs something this month, page by page: the user's own two lines first. */
export function allBudgetsQuery(api: Api) {
  return infiniteQueryOptions({
    queryKey: ['budgets', 'all'],
    queryFn: ({ pageParam, signal }) =>
      api.get('/api/budgets', {
        query: { limit: PAGE, ...(pageParam ? { page_token: pageParam } : {}) },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_page_token ?? undefined,
    refetchInterval: EVERY_MS,
  });
}

/** Sets a cap, or removes it with `cap_usd` null. */
export function useSetBudget() {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: BudgetBody) => api.put('/api/budgets', { body }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['budgets'] }),
  });
}
