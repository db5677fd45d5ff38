import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import type { Api } from '@/api/client';
import type { CreateBody } from '@/api/contract';
import { useApi } from '@/parts/connection';
import { useIntent } from '@/parts/intent';
import type { Filter } from './filter';

const PAGE = 40;
const MOST = 200;
// The API reads a market again after 30 to 60 s; asking more often shows nothing new.
const FRESH_MS = 30_000;

export function offersQuery(api: Api, filter: Filter) {
  return infiniteQueryOptions({
    queryKey: ['offers', filter],
    queryFn: ({ pageParam, signal }) =>
      api.get('/api/instances/offers', {
        query: { ...filter, limit: PAGE, ...(pageParam ? { page_token: pageParam } : {}) },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_page_token ?? undefined,
    staleTime: FRESH_MS,
  });
}

/** As many as one page holds: enough to say what an order may choose from. */
export function choiceQuery(api: Api, filter: Filter) {
  return queryOptions({
    queryKey: ['choice', filter],
    queryFn: ({ signal }) =>
      api.get('/api/instances/offers', { query: { ...filter, limit: MOST }, signal }),
    staleTime: FRESH_MS,
  });
}

/** Orders a machine. Repeated unchanged, it is the same order: it can be taken only once. */
export function useDeploy() {
  const api = useApi();
  const queries = useQueryClient();
  const intent = useIntent();
  return useMutation({
    mutationFn: (body: CreateBody) =>
      api.post('/api/instances', { body, idempotencyKey: intent.keyFor(body) }),
    onSuccess: async ({ instance, operation }) => {
      intent.renew();
      queries.setQueryData(['instance', instance.id], instance);
      queries.setQueryData(['operation', operation.id], operation);
      await queries.invalidateQueries({ queryKey: ['fleet'] });
    },
  });
}
