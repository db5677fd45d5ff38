import { useState } from 'react';
import { chooseTheme, chosenTheme, type Theme } from './theme';
import styles from './shell.module.css';

const CHOICES: readonly { readonly value: Theme; readonly name: string }[] = [
  { value: 'system', name: 'Auto' },
  { value: 'light', name: 'Light' },
  { value: 'dark', name: 'Dark' },
];

export function ThemeSwitch() {
  const [theme, setTheme] = useState(() => chosenTheme(localStorage));
  const choose = (next: Theme) => {
    chooseTheme(next, localStorage, document.documentElement);
    setTheme(next);
  };
  return (
    <fieldset className={styles.theme}>
      <legend className="visually-hidden">Colours</legend>
      {CHOICES.map(({ value, name }) => (
        <label key={value}>
          <input
            type="radio"
            name="theme"
            value={value}
            checked={theme === value}
            onChange={() => choose(value)}
          />
          <span>{name}</span>
        </label>
      ))}
    </fieldset>
  );
}
