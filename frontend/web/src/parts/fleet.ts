import { infiniteQueryOptions } from '@tanstack/react-query';
import type { Api } from '@/api/client';
import { isMoving } from './states';

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
