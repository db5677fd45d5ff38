import { useState } from 'react';
import { Button } from '@/design/Button';
import { Dialog } from '@/design/Dialog';
import { Check } from '@/design/Form';
import type { Order } from './orders';

interface Props {
  readonly isPending: boolean;
  readonly onClose: () => void;
  readonly onOrder: (order: Order) => void;
}

/** Work since the last snapshot stays behind: that has to be said before. */
export function FailoverDialog({ isPending, onClose, onOrder }: Props) {
  const [discardUnsaved, setDiscard] = useState(false);
  return (
    <Dialog
      title="Move to another machine?"
      onClose={onClose}
      actions={
        <Button kind="danger" busy={isPending} onClick={() => onOrder({ kind: 'failover', discardUnsaved })}>
          Move it
        </Button>
      }
    >
      <p>
        The last snapshot comes up on another machine, and this one is let go. What was written since
        that snapshot is lost. To keep it, take a snapshot first.
      </p>
      <Check
        label="Also if nothing was ever saved: it starts empty"
        checked={discardUnsaved}
        onChange={(event) => setDiscard(event.target.checked)}
      />
    </Dialog>
  );
}
