import { useState } from 'react';
import type { Instance } from '@/api/contract';
import { Button } from '@/design/Button';
import { Row, Stack } from '@/design/Layout';
import { Trouble } from '@/parts/Trouble';
import { DestroyDialog } from './DestroyDialog';
import { FailoverDialog } from './FailoverDialog';
import { ordersFor, useKeepAwake, useOrder, type Order, type Simple } from './orders';

const NAMES: Readonly<Record<Simple, string>> = {
  pause: 'Pause',
  resume: 'Resume',
  hibernate: 'Hibernate',
  wake: 'Wake',
  snapshot: 'Take a snapshot',
  reboot: 'Reboot',
};

const LEADING: readonly Simple[] = ['wake', 'resume', 'hibernate'];
const AWAKE_MINUTES = 30;

/** What can be ordered in this state. */
export function Actions({ instance }: { readonly instance: Instance }) {
  const [asked, setAsked] = useState<'destroy' | 'failover' | null>(null);
  const order = useOrder(instance.id);
  const awake = useKeepAwake(instance.id);
  const give = (wanted: Order) => order.mutate(wanted, { onSettled: () => setAsked(null) });
  const kinds = ordersFor(instance.state);
  const simple = kinds.filter((kind): kind is Simple => kind !== 'destroy' && kind !== 'failover');
  return (
    <Stack>
      <Row>
        {simple.map((kind) => (
          <Button
            key={kind}
            kind={kind === LEADING.find((each) => simple.includes(each)) ? 'primary' : 'plain'}
            busy={order.isPending}
            onClick={() => give({ kind })}
          >
            {NAMES[kind]}
          </Button>
        ))}
        {instance.state === 'running' ? (
          <Button busy={awake.isPending} onClick={() => awake.mutate(AWAKE_MINUTES)}>
            Keep awake {AWAKE_MINUTES} min
          </Button>
        ) : null}
        {kinds.includes('failover') ? (
          <Button busy={order.isPending} onClick={() => setAsked('failover')}>
            Fail over …
          </Button>
        ) : null}
        {kinds.includes('destroy') ? (
          <Button kind="dangerPlain" busy={order.isPending} onClick={() => setAsked('destroy')}>
            Destroy …
          </Button>
        ) : null}
      </Row>
      <Trouble error={order.error ?? awake.error} />
      {asked === 'destroy' ? (
        <DestroyDialog isPending={order.isPending} onClose={() => setAsked(null)} onOrder={give} />
      ) : null}
      {asked === 'failover' ? (
        <FailoverDialog isPending={order.isPending} onClose={() => setAsked(null)} onOrder={give} />
      ) : null}
    </Stack>
  );
}
