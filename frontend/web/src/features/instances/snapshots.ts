import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useApi } from '@/parts/connection';
import { useIntent } from '@/parts/intent';

/** Keeps a snapshot from being cleared away. */
export function useKeepSnapshot(instanceId: string) {
  const api = useApi();
  const renew = useRenewed(instanceId);
  return useMutation({
    mutationFn: (snapshotId: string) =>
      api.post('/api/snapshots/{snapshot_id}/keep', { path: { snapshot_id: snapshotId } }),
    onSuccess: renew,
  });
}

/** Removes a snapshot; its bytes go one to two days later. */
export function useRemoveSnapshot(instanceId: string) {
  const api = useApi();
  const renew = useRenewed(instanceId);
  return useMutation({
    mutationFn: (snapshotId: string) =>
      api.delete('/api/snapshots/{snapshot_id}', { path: { snapshot_id: snapshotId } }),
    onSuccess: renew,
  });
}

/** Brings a snapshot up as an instance of its own, beside the one it came from. */
export function useRestoreElsewhere() {
  const api = useApi();
  const intent = useIntent();
  return useMutation({
    mutationFn: (snapshotId: string) =>
      api.post('/api/snapshots/{snapshot_id}/restore', {
        path: { snapshot_id: snapshotId },
        body: { new_instance: true },
        idempotencyKey: intent.keyFor(snapshotId),
      }),
    onSuccess: intent.renew,
  });
}

function useRenewed(instanceId: string): () => Promise<void> {
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: ['instance', instanceId, 'snapshots'] });
}
