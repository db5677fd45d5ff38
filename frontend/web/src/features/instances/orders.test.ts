import { expect, it } from 'vitest';
import type { InstanceState } from '@/api/contract';
import { ordersFor } from './orders';

const TABLE: readonly [InstanceState, readonly string[]][] = [
  ['provisioning', ['destroy']],
  ['restoring', ['destroy']],
  ['running', ['pause', 'hibernate', 'snapshot', 'reboot', 'failover', 'destroy']],
  ['draining', ['wake', 'destroy']],
  ['asleep', ['wake', 'destroy']],
  ['pausing', ['resume', 'failover', 'destroy']],
  ['paused', ['resume', 'hibernate', 'failover', 'destroy']],
  ['resuming', ['failover', 'destroy']],
  ['failed', ['wake', 'destroy']],
  ['destroying', []],
  ['destroyed', []],
];

it.each(TABLE)('while it is %s it takes %s', (state, orders) => {
  expect(ordersFor(state)).toEqual(orders);
});
