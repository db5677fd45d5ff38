import { useEffect, useId, useRef, type ReactNode } from 'react';
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

/** A question that has to be answered first. The browser keeps the focus inside, Escape closes. */
export function Dialog({ title, onClose, cancel = 'Cancel', actions, children }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal();
  }, []);
  return (
    <dialog ref={ref} className={styles.dialog} aria-labelledby={id} onClose={onClose}>
      <div className={styles.inside}>
        <h2 id={id}>{title}</h2>
        {children}
        <div className={styles.actions}>
          <Button onClick={() => ref.current?.close()}>{cancel}</Button>
          {actions}
        </div>
      </div>
    </dialog>
  );
}
