import type { InstanceState } from '@/api/contract';
import { Badge } from '@/design/Badge';
import { toneOf } from './states';

export function StateBadge({ state }: { readonly state: InstanceState }) {
  return <Badge tone={toneOf(state)}>{state}</Badge>;
}
