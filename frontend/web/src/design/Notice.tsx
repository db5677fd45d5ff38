import type { ReactNode } from 'react';
import { Button } from './Button';
import styles from './notice.module.css';

interface NoticeProps {
  readonly tone: 'warn' | 'busy';
  readonly children: ReactNode;
}

/** Something that is worth knowing, and no failure. */
export function Notice({ tone, children }: NoticeProps) {
  return (
    <div role="status" className={`${styles.notice ?? ''} ${styles[tone] ?? ''}`}>
      {children}
    </div>
  );
}

interface FailureProps {
  readonly words: {
    readonly title: string;
    readonly detail: string;
    readonly fields: readonly { readonly pointer: string; readonly message: string }[];
    readonly traceId: string | null;
  };
  readonly onRetry?: (() => void) | undefined;
}

/** What failed, in words, and by what those who run the service find it. */
export function Failure({ words, onRetry }: FailureProps) {
  return (
    <div role="alert" className={`${styles.notice ?? ''} ${styles.bad ?? ''}`}>
      <strong>{words.title}</strong>
      <p>{words.detail}</p>
      {words.fields.length > 0 ? (
        <ul>
          {words.fields.map((field) => (
            <li key={field.pointer + field.message}>
              <code>{field.pointer}</code> {field.message}
            </li>
          ))}
        </ul>
      ) : null}
      {words.traceId ? (
        <p className={styles.trace}>
          Trace id <code>{words.traceId}</code>
        </p>
      ) : null}
      {onRetry ? (
        <Button small onClick={onRetry}>
          Try again
        </Button>
      ) : null}
    </div>
  );
}

interface EmptyProps {
  readonly title: string;
  readonly children: ReactNode;
}

/** Nothing is here yet: says what to do about it. */
export function Empty({ title, children }: EmptyProps) {
  return (
    <div className={styles.empty}>
      <strong>{title}</strong>
      {children}
    </div>
  );
}

export function Loading({ what }: { readonly what: string }) {
  return (
    <p role="status" className={styles.loading}>
      Loading {what} …
    </p>
  );
}
