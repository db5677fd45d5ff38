import { useId, type ReactNode } from 'react';
import { Group } from './Form';
import styles from './form.module.css';

interface Props<T extends string> {
  readonly legend: string;
  readonly choices: readonly { readonly value: T; readonly name: string; readonly hint?: ReactNode }[];
  readonly value: T;
  readonly onChange: (value: T) => void;
}

/** One of a few, each with what it means. */
export function Radios<T extends string>({ legend, choices, value, onChange }: Props<T>) {
  const name = useId();
  return (
    <Group legend={legend}>
      {choices.map((choice) => {
        const id = `${name}-${choice.value}`;
        return (
          <div key={choice.value} className={styles.check}>
            <input
              id={id}
              type="radio"
              name={name}
              value={choice.value}
              checked={value === choice.value}
              aria-describedby={choice.hint ? `${id}-hint` : undefined}
              onChange={() => onChange(choice.value)}
            />
            <div>
              <label htmlFor={id}>{choice.name}</label>
              {choice.hint ? (
                <div id={`${id}-hint`} className={styles.hint}>
                  {choice.hint}
                </div>
              ) : null}
            </div>
          </div>
        );
      })}
    </Group>
  );
}
