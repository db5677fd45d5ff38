import { queryOptions } from '@tanstack/react-query';
import type { Api } from '@/api/client';
import type { Health } from '@/api/contract';
import { Refused } from '@/api/problem';

const EVERY_MS = 5000;

export function partsQuery(api: Api) {
  return queryOptions({
    queryKey: ['parts'],
    queryFn: ({ signal }): Promise<Health> => api.get('/health', { signal }),
    refetchInterval: EVERY_MS,
    retry: (count, error) => !(error instanceof Refused) && count < 2,
  });
}

export function backgroundQuery(api: Api) {
  return queryOptions({
    queryKey: ['background'],
    queryFn: ({ signal }) => api.get('/api/health/agents', { signal }),
    refetchInterval: EVERY_MS,
  });
}
