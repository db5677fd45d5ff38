import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { Api } from '@/api/client';
import type { InstanceState } from '@/api/contract';
import { useApi } from '@/parts/connection';
import { useIntent } from '@/parts/intent';

/** Orders that need no more than their name. */
export type Simple = 'pause' | 'resume' | 'hibernate' | 'wake' | 'snapshot' | 'reboot';

/** What an owner may order of an instance. */
export type Order =
  | { readonly kind: Simple }
  | { readonly kind: 'failover'; readonly discardUnsaved: boolean }
  | { readonly kind: 'wake-from'; readonly snapshotId: string }
  | {
      readonly kind: 'destroy';
      readonly finalSnapshot: boolean;
      readonly keepSnapshots: boolean;
      readonly force: boolean;
    };

type Named = Simple | 'failover' | 'destroy';

const UP: readonly InstanceState[] = ['running'];
const HELD: readonly InstanceState[] = ['running', 'pausing', 'paused', 'resuming'];

/** In which states an order is taken; the server has the last word. */
const TAKEN_IN: Readonly<Record<Named, (state: InstanceState) => boolean>> = {
  pause: (state) => UP.includes(state),
  resume: (state) => state === 'paused' || state === 'pausing',
  hibernate: (state) => state === 'running' || state === 'paused',
  wake: (state) => state === 'asleep' || state === 'failed' || state === 'draining',
  snapshot: (state) => UP.includes(state),
  reboot: (state) => UP.includes(state),
  failover: (state) => HELD.includes(state),
  destroy: (state) => state !== 'destroyed' && state !== 'destroying',
};

const IN_ORDER = Object.keys(TAKEN_IN) as Named[];

export function ordersFor(state: InstanceState): readonly Named[] {
  return IN_ORDER.filter((kind) => TAKEN_IN[kind](state));
}

/** Gives an order. What it changes is asked for again at once. */
export function useOrder(instanceId: string) {
  const api = useApi();
  const queries = useQueryClient();
  const intent = useIntent();
  return useMutation({
    mutationFn: (order: Order) => give(api, instanceId, order, intent.keyFor(order)),
    onSuccess: async ({ instance, operation }) => {
      intent.renew();
      queries.setQueryData(['operation', operation.id], operation);
      queries.setQueryData(['instance', instance.id], (before: object | undefined) =>
        before ? { ...before, ...moved(instance) } : undefined,
      );
      await queries.invalidateQueries({ queryKey: ['instance', instanceId] });
    },
  });
}

type Accepted = Awaited<ReturnType<typeof give>>;

/** The answer to an order lacks what only a look tells; the rest is newer than the last look. */
function moved({ state, state_reason, state_since, desired, operation_id }: Accepted['instance']) {
  return { state, state_reason, state_since, desired, operation_id };
}

function give(api: Api, id: string, order: Order, idempotencyKey: string) {
  const given = { path: { instance_id: id }, idempotencyKey };
  switch (order.kind) {
    case 'pause':
      return api.post('/api/instances/{instance_id}/pause', given);
    case 'resume':
      return api.post('/api/instances/{instance_id}/resume', given);
    case 'hibernate':
      return api.post('/api/instances/{instance_id}/hibernate', given);
    case 'wake':
      return api.post('/api/instances/{instance_id}/wake', { ...given, body: {} });
    case 'wake-from':
      return api.post('/api/instances/{instance_id}/wake', {
        ...given,
        body: { snapshot_id: order.snapshotId },
      });
    case 'snapshot':
      return api.post('/api/instances/{instance_id}/snapshot', given);
    case 'reboot':
      return api.post('/api/instances/{instance_id}/reboot', given);
    case 'failover':
      return api.post('/api/instances/{instance_id}/failover', {
        ...given,
        body: { discard_unsaved: order.discardUnsaved },
      });
    case 'destroy':
      return api.delete('/api/instances/{instance_id}', {
        ...given,
        query: {
          final_snapshot: order.finalSnapshot,
          keep_snapshots: order.keepSnapshots,
          force: order.force,
        },
      });
  }
}

/** A promise that somebody uses it: it does not fall asleep until then. */
export function useKeepAwake(instanceId: string) {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (minutes: number) =>
      api.post('/api/instances/{instance_id}/keep-alive', {
        path: { instance_id: instanceId },
        body: { minutes },
      }),
    onSuccess: (instance) => {
      queries.setQueryData(['instance', instance.id], instance);
    },
  });
}
