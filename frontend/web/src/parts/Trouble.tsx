import { wordsOf } from '@/api/problem';
import { Failure } from '@/design/Notice';

/** Why an order was not taken; nothing where there is no error. */
export function Trouble({ error }: { readonly error: unknown }) {
  return error ? <Failure words={wordsOf(error)} /> : null;
}
