import type { Policy, QuietHours } from '@/api/contract';
import { amount } from '@/format/size';
import { ruleIn } from './draft';

/** When idleness puts it to sleep, in words. */
export function ruleWords(policy: Policy): string {
  const { idle_minutes = 3, gpu_threshold_percent = 5 } = policy;
  const below = `with the GPU below ${amount(gpu_threshold_percent, '%')}`;
  switch (ruleIn(policy)) {
    case 'never':
      return 'never by itself';
    case 'adaptive':
      return `when waiting no longer pays, ${below}`;
    case 'fixed':
      return `after ${amount(idle_minutes, 'min')} ${below}`;
  }
}

export function quietWords({ begins, ends, zone = 'UTC' }: QuietHours): string {
  return `Idleness is ignored from ${begins} to ${ends} (${zone})`;
}
