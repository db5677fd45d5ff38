import { Button } from '@/design/Button';
import { Dialog } from '@/design/Dialog';
import { Trouble } from '@/parts/Trouble';

interface Props {
  readonly subject: string;
  readonly isPending: boolean;
  readonly error: unknown;
  readonly onClose: () => void;
  readonly onRemove: () => void;
}

/** A guard that is taken away is asked for twice. */
export function RemoveDialog({ subject, isPending, error, onClose, onRemove }: Props) {
  return (
    <Dialog
      title={`Remove the ${subject}?`}
      onClose={onClose}
      actions={
        <Button kind="danger" busy={isPending} onClick={onRemove}>
          Remove it
        </Button>
      }
    >
      <p>Nothing stops at it any more. What was put to sleep by it can be woken again.</p>
      <Trouble error={error} />
    </Dialog>
  );
}
