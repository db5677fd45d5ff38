import { describe, expect, it } from 'vitest';
import { event, NOON } from '@/testing/samples';
import { racersSince } from './race';

const A = { rental_id: 'rent_a' };
const B = { rental_id: 'rent_b' };

describe('a race', () => {
  it('shows who was ready, who was let go and why, from events in any order', () => {
    const told = [
      event('release.pending', 9, { ...B, message: 'the provider took the destroy' }),
      event('rental.releasing', 8, { ...B, message: 'another machine was ready first' }),
      event('state.running', 8),
      event('rental.live', 7, { ...A, message: 'ready first, after 6 s' }),
      event('contract.created', 2, B),
      event('contract.created', 2, A),
      event('rental.intent', 1, { ...B, message: '1 x RTX 3090 at $0.091/h' }),
      event('rental.intent', 1, { ...A, message: '1 x Tesla V100 at $0.059/h' }),
    ];

    const racers = racersSince(told, NOON);

    expect(racers.map(({ rentalId, stage, reason }) => [rentalId, stage, reason])).toEqual([
      ['rent_a', 'ready', 'ready first, after 6 s'],
      ['rent_b', 'let go', 'another machine was ready first'],
    ]);
    expect(racers[0]?.endedAt).toBe('2026-11-30T12:00:07Z');
  });

  it('goes on while a machine starts', () => {
    const told = [event('rental.intent', 1, A), event('contract.created', 3, A)];

    expect(racersSince(told, NOON)).toMatchObject([{ stage: 'starting', endedAt: null }]);
  });

  it('says so when nobody knows whether a machine was rented', () => {
    const told = [event('rental.intent', 1, A), event('contract.unanswered', 3, A)];

    expect(racersSince(told, NOON)).toMatchObject([{ stage: 'unclear' }]);
  });

  it('counts no machine of an earlier launch', () => {
    const told = [event('rental.intent', 1, A), event('rental.releasing', 30, A), event('rental.intent', 31, B)];

    expect(racersSince(told, '2026-11-30T12:00:20Z').map((each) => each.rentalId)).toEqual(['rent_b']);
  });
});
