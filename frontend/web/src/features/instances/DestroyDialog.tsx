import { useState } from 'react';
import { Button } from '@/design/Button';
import { Dialog } from '@/design/Dialog';
import { Check } from '@/design/Form';
import { Note, Stack } from '@/design/Layout';
import type { Order } from './orders';

interface Props {
  readonly isPending: boolean;
  readonly onClose: () => void;
  readonly onOrder: (order: Order) => void;
}

/** Asks what is to become of the work before everything is let go. */
export function DestroyDialog({ isPending, onClose, onOrder }: Props) {
  const [force, setForce] = useState(false);
  const [finalSnapshot, setFinalSnapshot] = useState(true);
  const [keepSnapshots, setKeepSnapshots] = useState(true);
  const order = () =>
    onOrder({ kind: 'destroy', finalSnapshot: finalSnapshot && !force, keepSnapshots, force });
  return (
    <Dialog
      title="Destroy this workspace?"
      onClose={onClose}
      actions={
        <Button kind="danger" busy={isPending} onClick={order}>
          Destroy it
        </Button>
      }
    >
      <p>Its machine is let go, and it cannot be woken again.</p>
      <Stack>
        <Check
          label="Take and verify a last snapshot first"
          checked={finalSnapshot && !force}
          disabled={force}
          onChange={(event) => setFinalSnapshot(event.target.checked)}
        />
        <Check
          label="Keep its snapshots; a new workspace can start from them"
          checked={keepSnapshots}
          onChange={(event) => setKeepSnapshots(event.target.checked)}
        />
        <Check
          label="Let the machine go at once, whatever is lost"
          checked={force}
          onChange={(event) => setForce(event.target.checked)}
        />
      </Stack>
      <Note>
        Where no last snapshot can be taken, the machine is stopped and kept, and it is tried again.
      </Note>
    </Dialog>
  );
}
