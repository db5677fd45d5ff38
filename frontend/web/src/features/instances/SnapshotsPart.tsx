import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useConnection } from '@/parts/connection';
import { Card } from '@/design/Layout';
import { Empty } from '@/design/Notice';
import { Loaded } from '@/parts/Loaded';
import { Trouble } from '@/parts/Trouble';
import { useOrder } from './orders';
import { snapshotsQuery } from './queries';
import { useKeepSnapshot, useRemoveSnapshot, useRestoreElsewhere } from './snapshots';
import { SnapshotTable } from './SnapshotTable';
import { useShownInstance } from './useShownInstance';

export function SnapshotsPart() {
  const instance = useShownInstance();
  const { api, isDemo } = useConnection();
  const navigate = useNavigate();
  const snapshots = useQuery(snapshotsQuery(api, instance.id, instance.state));
  const keep = useKeepSnapshot(instance.id);
  const remove = useRemoveSnapshot(instance.id);
  const restore = useRestoreElsewhere();
  const order = useOrder(instance.id);
  const goTo = (instanceId: string) =>
    void navigate({ to: '/instances/$instanceId', params: { instanceId } });
  return (
    <Card title="Snapshots">
      <Trouble error={keep.error ?? remove.error ?? restore.error ?? order.error} />
      <Loaded query={snapshots} what="the snapshots">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No snapshot yet">
              <p>One is taken when it falls asleep, at its interval, and when you order one.</p>
            </Empty>
          ) : (
            <SnapshotTable
              snapshots={items}
              head={instance.head_snapshot_id ?? null}
              mayWake={instance.state === 'asleep'}
              actions={
                isDemo
                  ? null
                  : {
                      keep: keep.mutate,
                      remove: remove.mutate,
                      wakeFrom: (snapshotId) => order.mutate({ kind: 'wake-from', snapshotId }),
                      restoreElsewhere: (id) =>
                        restore.mutate(id, { onSuccess: (answer) => goTo(answer.instance.id) }),
                    }
              }
            />
          )
        }
      </Loaded>
    </Card>
  );
}
