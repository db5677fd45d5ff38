import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { Api } from '@/api/client';
import type { InstanceState } from '@/api/contract';
import { paceOf } from '@/parts/states';

const EVENTS = 100;
const SERIES_MS = 10_000;
const BILL_MS = 10_000;

/** While the page is open the machine is watched: it reports every few seconds. */
export function instanceQuery(api: Api, id: string) {
  return queryOptions({
    queryKey: ['instance', id],
    queryFn: ({ signal }) =>
      api.get('/api/instances/{instance_id}', {
        path: { instance_id: id },
        query: { watch: true },
        signal,
      }),
    refetchInterval: ({ state }) => paceOf(state.data?.state),
  });
}

/** A long action; asked for until it has ended. */
export function operationQuery(api: Api, id: string) {
  return queryOptions({
    queryKey: ['operation', id],
    queryFn: ({ signal }) =>
      api.get('/api/operations/{operation_id}', { path: { operation_id: id }, signal }),
    refetchInterval: ({ state }) => (state.data?.ended_at ? false : 1500),
  });
}

/** The newest of what happened, as often as something may happen. */
export function newsQuery(api: Api, id: string, state: InstanceState) {
  return queryOptions({
    queryKey: ['instance', id, 'news'],
    queryFn: ({ signal }) =>
      api.get('/api/instances/{instance_id}/events', {
        path: { instance_id: id },
        query: { limit: EVENTS },
        signal,
      }),
    refetchInterval: paceOf(state),
  });
}

export function timelineQuery(api: Api, id: string, state: InstanceState) {
  return infiniteQueryOptions({
    queryKey: ['instance', id, 'timeline'],
    queryFn: ({ pageParam, signal }) =>
      api.get('/api/instances/{instance_id}/events', {
        path: { instance_id: id },
        query: { limit: EVENTS, ...(pageParam ? { page_token: pageParam } : {}) },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_page_token ?? undefined,
    refetchInterval: paceOf(state),
  });
}

export function logsQuery(api: Api, id: string, state: InstanceState) {
  return queryOptions({
    queryKey: ['instance', id, 'logs'],
    queryFn: ({ signal }) =>
      api.get('/api/instances/{instance_id}/logs', {
        path: { instance_id: id },
        query: { limit: EVENTS },
        signal,
      }),
    refetchInterval: paceOf(state),
  });
}

export function seriesQuery(api: Api, id: string) {
  return queryOptions({
    queryKey: ['instance', id, 'series'],
    queryFn: ({ signal }) =>
      api.get('/api/instances/{instance_id}/metrics', { path: { instance_id: id }, signal }),
    refetchInterval: SERIES_MS,
  });
}

export function costQuery(api: Api, id: string) {
  return queryOptions({
    queryKey: ['instance', id, 'cost'],
    queryFn: ({ signal }) =>
      api.get('/api/instances/{instance_id}/cost', { path: { instance_id: id }, signal }),
    refetchInterval: BILL_MS,
  });
}

export function snapshotsQuery(api: Api, id: string, state: InstanceState) {
  return queryOptions({
    queryKey: ['instance', id, 'snapshots'],
    queryFn: ({ signal }) =>
      api.get('/api/instances/{instance_id}/snapshots', {
        path: { instance_id: id },
        query: { limit: EVENTS },
        signal,
      }),
    refetchInterval: paceOf(state),
  });
}
