import type { Balances } from '@/api/contract';
import { usd } from '@/format/money';

export interface KeyCheck {
  readonly isGood: boolean | null;
  readonly words: string;
}

// Words of the API for a key that the provider does not take.
const REJECTED = 'provider_key_rejected';

/** What a provider said to the key that is kept; where it could not be asked, nothing is known. */
export function checkOf(provider: string, { items, warnings }: Balances): KeyCheck {
  const credit = items.find((each) => each.provider === provider)?.credit_usd ?? null;
  const warning = warnings.find((each) => each.provider === provider);
  if (credit !== null) return { isGood: true, words: `It takes the key and holds ${usd(credit)} of yours.` };
  if (!warning) return { isGood: true, words: 'It takes the key; what it holds of yours it does not tell.' };
  if (warning.code === REJECTED) return { isGood: false, words: 'It does not take the key any more: replace it.' };
  return { isGood: null, words: `Not known: ${warning.message}` };
}
