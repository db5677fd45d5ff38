import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { buttonClass } from '@/design/Button';
import styles from './gate.module.css';

/** Around signing in and registering: what this is, and a way to look around without either. */
export function Gate({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div className={styles.gate}>
      <title>{`${title} · Dumont Cloud`}</title>
      <div className={styles.panel}>
        <h1>{title}</h1>
        <p className={styles.lead}>
          Rent GPUs where they are cheap, and keep your work where it is safe.
        </p>
        {children}
      </div>
      <Link to="/" search={{ demo: true }} className={buttonClass('plain')}>
        Look around without an account
      </Link>
    </div>
  );
}
