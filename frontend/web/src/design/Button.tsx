import type { ButtonHTMLAttributes } from 'react';
import styles from './button.module.css';

export type ButtonKind = 'primary' | 'plain' | 'danger' | 'dangerPlain' | 'quiet';

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly kind?: ButtonKind;
  readonly small?: boolean;
  readonly busy?: boolean;
}

/** For links that look like buttons. */
export function buttonClass(kind: ButtonKind = 'plain', small = false): string {
  return [styles.button, styles[kind], small ? styles.small : ''].join(' ').trim();
}

/** While `busy` it keeps its place and its focus, and does nothing. */
export function Button({ kind = 'plain', small = false, busy = false, onClick, ...rest }: Props) {
  return (
    <button
      type="button"
      {...rest}
      className={buttonClass(kind, small)}
      aria-disabled={busy || rest.disabled === true}
      aria-busy={busy}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.(event);
      }}
    />
  );
}
