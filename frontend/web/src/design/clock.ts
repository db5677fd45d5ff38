import { useSyncExternalStore } from 'react';

let now = new Date();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function tick(): void {
  now = new Date();
  for (const listener of listeners) listener();
}

function read(): Date {
  // Without a running timer the last moment may be long ago.
  if (timer === undefined && Date.now() - now.getTime() >= 1000) now = new Date();
  return now;
}

/** The time now, to the second; one timer for the whole page. */
export function useNow(): Date {
  return useSyncExternalStore(subscribe, read);
}
