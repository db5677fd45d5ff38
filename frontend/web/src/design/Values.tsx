import { useState, type ReactNode } from 'react';
import { distance, moment, wholeMoment } from '@/format/time';
import { Button } from './Button';
import { useNow } from './clock';
import styles from './values.module.css';

/** Missing means unknown, and is said so: it is never 0. */
export function Unknown() {
  return <span className={styles.unknown}>unknown</span>;
}

interface KnownProps<T> {
  readonly value: T | null | undefined;
  readonly as: (value: T) => ReactNode;
}

/** A value as it is read, or that it is unknown. */
export function Known<T>({ value, as }: KnownProps<T>) {
  return value === null || value === undefined ? <Unknown /> : <>{as(value)}</>;
}

/** A moment on the clock. */
export function At({ at }: { readonly at: string | null | undefined }) {
  const now = useNow();
  if (!at) return <Unknown />;
  const date = new Date(at);
  return (
    <time className={styles.when} dateTime={at} title={wholeMoment(date)}>
      {moment(date, now)}
    </time>
  );
}

/** A moment by its distance from now. */
export function Since({ at }: { readonly at: string | null | undefined }) {
  const now = useNow();
  if (!at) return <Unknown />;
  const date = new Date(at);
  return (
    <time className={styles.when} dateTime={at} title={wholeMoment(date)}>
      {distance(date, now)}
    </time>
  );
}

/** Of which moment the figures beside it are. */
export function AsOf({ at }: { readonly at: string | null | undefined }) {
  return (
    <span>
      as of <At at={at} />
    </span>
  );
}

/** Text for a terminal, with a button that copies it. */
export function Command({ text, name }: { readonly text: string; readonly name: string }) {
  const [done, setDone] = useState<'Copied' | 'Select it, and copy' | null>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setDone('Copied');
    } catch {
      // A page that came unencrypted, or a person who said no.
      setDone('Select it, and copy');
    }
  };
  return (
    <span className={styles.code}>
      <code>{text}</code>
      <Button small kind="quiet" aria-label={`Copy ${name}`} onClick={() => void copy()}>
        {done ?? 'Copy'}
      </Button>
    </span>
  );
}
