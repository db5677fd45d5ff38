export type Theme = 'system' | 'light' | 'dark';

const KEY = 'dumont.theme';

export function chosenTheme(storage: Storage): Theme {
  const kept = storage.getItem(KEY);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

/** Shows the page in it, from now on and after every reload. */
export function chooseTheme(theme: Theme, storage: Storage, root: HTMLElement): void {
  if (theme === 'system') {
    storage.removeItem(KEY);
    delete root.dataset.theme;
  } else {
    storage.setItem(KEY, theme);
    root.dataset.theme = theme;
  }
}
