import { useRef } from 'react';

/**
 * The Idempotency-Key of what somebody wants: the same for as long as they want the same, so that
 * an order repeated after a lost answer is not given twice. `renew` after it was taken.
 */
export function useIntent(): { keyFor: (order: unknown) => string; renew: () => void } {
  const last = useRef({ order: '', key: '' });
  return {
    keyFor: (order) => {
      const text = JSON.stringify(order);
      if (last.current.order !== text) last.current = { order: text, key: crypto.randomUUID() };
      return last.current.key;
    },
    renew: () => {
      last.current = { order: '', key: '' };
    },
  };
}
