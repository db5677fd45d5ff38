import { useId, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes } from 'react';
import styles from './form.module.css';

interface FormProps {
  readonly name: string;
  /** For a button that is outside of it. */
  readonly id?: string;
  readonly onSubmit: (fields: FormData) => void;
  readonly children: ReactNode;
}

/** Hands over its fields by their names; the page stays. */
export function Form({ name, id, onSubmit, children }: FormProps) {
  return (
    <form
      id={id}
      className={styles.form}
      aria-label={name}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit(new FormData(event.currentTarget));
      }}
    >
      {children}
    </form>
  );
}

export function FieldGrid({ children }: { readonly children: ReactNode }) {
  return <div className={styles.grid}>{children}</div>;
}

interface GroupProps {
  readonly legend: string;
  /** One of several alike, within a group. */
  readonly isInner?: boolean;
  readonly children: ReactNode;
}

/** Fields that belong together. */
export function Group({ legend, isInner = false, children }: GroupProps) {
  return (
    <fieldset className={`${styles.group ?? ''} ${isInner ? (styles.inner ?? '') : ''}`}>
      <legend>{legend}</legend>
      {children}
    </fieldset>
  );
}

interface Around {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: string | undefined;
}

export function TextField({
  label, hint, error, ...rest
}: Around & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error}>
      <input id={id} {...described(id, hint, error)} {...rest} />
    </Frame>
  );
}

export function TextArea({
  label, hint, error, ...rest
}: Around & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error}>
      <textarea id={id} {...described(id, hint, error)} {...rest} />
    </Frame>
  );
}

export interface Choice {
  readonly value: string;
  readonly name: string;
}

interface SelectProps extends Around, SelectHTMLAttributes<HTMLSelectElement> {
  readonly choices: readonly Choice[];
}

export function Select({ label, hint, error, choices, ...rest }: SelectProps) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error}>
      <select id={id} {...described(id, hint, error)} {...rest}>
        {choices.map(({ value, name }) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </Frame>
  );
}

export function Check({ label, ...rest }: { readonly label: ReactNode } & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  return (
    <div className={styles.check}>
      <input id={id} type="checkbox" {...rest} />
      <label htmlFor={id}>{label}</label>
    </div>
  );
}

function Frame({ id, label, hint, error, children }: Around & { readonly id: string; readonly children: ReactNode }) {
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      {children}
      {hint ? (
        <div id={`${id}-hint`} className={styles.hint}>
          {hint}
        </div>
      ) : null}
      {error ? (
        <div id={`${id}-error`} className={styles.error}>
          {error}
        </div>
      ) : null}
    </div>
  );
}

function described(id: string, hint: ReactNode, error: string | undefined) {
  const by = [hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ');
  return { 'aria-invalid': error ? true : undefined, 'aria-describedby': by || undefined };
}
