import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import type { Api } from '@/api/client';
import type { InstanceState, Policy, ServerlessBody } from '@/api/contract';
import { useApi } from '@/parts/connection';
import { useIntent } from '@/parts/intent';
import { paceOf } from '@/parts/states';

const RULES_MS = 15_000;

export function explainQuery(api: Api, id: string, state: InstanceState) {
  return queryOptions({
    queryKey: ['instance', id, 'explain'],
    queryFn: ({ signal }) =>
      api.get('/api/hibernation/explain/{instance_id}', { path: { instance_id: id }, signal }),
    refetchInterval: paceOf(state),
  });
}

/** Its own policy, which waits while serverless is on. */
export function policyQuery(api: Api, id: string) {
  return queryOptions({
    queryKey: ['instance', id, 'policy'],
    queryFn: ({ signal }) =>
      api.get('/api/hibernation/policy/{instance_id}', { path: { instance_id: id }, signal }),
    refetchInterval: RULES_MS,
  });
}

export function useSavePolicy(id: string) {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Policy) =>
      api.put('/api/hibernation/policy/{instance_id}', { path: { instance_id: id }, body }),
    onSuccess: async (kept) => {
      queries.setQueryData(['instance', id, 'policy'], kept);
      await queries.invalidateQueries({ queryKey: ['instance', id] });
    },
  });
}

export interface Comparison {
  readonly policy: Policy;
  readonly days: number;
}

/** Replays its last days under another policy; nothing changes by it. */
export function useCompare(id: string) {
  const api = useApi();
  return useMutation({
    mutationFn: ({ policy, days }: Comparison) =>
      api.post('/api/hibernation/simulate', { body: { policy, days, instance_id: id } }),
  });
}

export function serverlessQuery(api: Api, id: string, state: InstanceState) {
  return queryOptions({
    queryKey: ['instance', id, 'serverless'],
    queryFn: ({ signal }) =>
      api.get('/api/serverless/status/{instance_id}', { path: { instance_id: id }, signal }),
    refetchInterval: paceOf(state),
  });
}

/** What each mode says of itself, and how long it took to wake by it. */
export function modesQuery(api: Api) {
  return queryOptions({
    queryKey: ['serverless modes'],
    queryFn: ({ signal }) => api.get('/api/serverless/status', { signal }),
    staleTime: RULES_MS,
  });
}

/** Switches serverless on or changes its rules; null switches it off, which wakes what sleeps. */
export function useServerless(id: string) {
  const api = useApi();
  const queries = useQueryClient();
  const intent = useIntent();
  return useMutation({
    mutationFn: (body: ServerlessBody | null) => {
      const given = { path: { instance_id: id }, idempotencyKey: intent.keyFor(body) };
      return body
        ? api.post('/api/serverless/enable/{instance_id}', { ...given, body })
        : api.post('/api/serverless/disable/{instance_id}', given);
    },
    onSuccess: async () => {
      intent.renew();
      await queries.invalidateQueries({ queryKey: ['instance', id] });
    },
  });
}
