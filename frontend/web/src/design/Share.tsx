import type { Tone } from './Badge';
import styles from './share.module.css';

interface Props {
  /** What the bar says, for who does not see it. */
  readonly label: string;
  readonly tone: Tone;
  /** Of the whole, 0 to 1: what is used, and beyond it what is held. */
  readonly used: number;
  readonly held?: number;
}

/** How much of something is used. */
export function Share({ label, tone, used, held = 0 }: Props) {
  return (
    <svg className={`${styles.share ?? ''} ${styles[tone] ?? ''}`} role="img" aria-label={label}>
      <rect className={styles.held} width={percent(used + held)} height="100%" />
      <rect width={percent(used)} height="100%" />
    </svg>
  );
}

function percent(part: number): string {
  return `${(Math.min(1, Math.max(0, part)) * 100).toFixed(1)}%`;
}
