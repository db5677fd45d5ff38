import { useId, useLayoutEffect, useRef, type ReactNode, type SyntheticEvent } from 'react';
import { Button } from './Button';
import styles from './dialog.module.css';

interface Props {
  readonly title: string;
  readonly onClose: () => void;
  /** What closes it is called. */
  readonly cancel?: string;
  readonly actions: ReactNode;
  readonly children: ReactNode;
}

/** A question that has to be answered first. The browser keeps the focus inside, Escape closes.

    Closed and forgotten in one go, with the focus back where it was: the browser's own close tells of
    itself only later, and a press in between would be taken back by it. */
export function Dialog({ title, onClose, cancel = 'Cancel', actions, children }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);
  const cancelled = (event: SyntheticEvent) => {
    event.preventDefault();
    onClose();
  };
  // It may be told of a close that has been undone since.
  const closed = () => {
    if (!ref.current?.open) onClose();
  };
  return (
    <dialog
      ref={ref}
      className={styles.dialog}
      aria-labelledby={id}
      onCancel={cancelled}
      onClose={closed}
    >
      <div className={styles.inside}>
        <h2 id={id}>{title}</h2>
        {children}
        <div className={styles.actions}>
          <Button onClick={onClose}>{cancel}</Button>
          {actions}
        </div>
      </div>
    </dialog>
  );
}
