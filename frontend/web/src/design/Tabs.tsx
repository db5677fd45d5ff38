import type { ReactNode } from 'react';
import styles from './tabs.module.css';

/** Links to the parts of one thing; the browser's back button goes between them. */
export function Tabs({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <nav className={styles.tabs} aria-label={label}>
      {children}
    </nav>
  );
}
