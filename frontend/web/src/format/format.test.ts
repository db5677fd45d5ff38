import { describe, expect, it } from 'vitest';
import { usd, usdPerHour } from './money';
import { amount, bytes, share } from './size';
import { distance, duration } from './time';

describe('money', () => {
  it.each([
    [0, '$0.00'],
    [0.0000004, '$0.000001'],
    [0.0021, '$0.0021'],
    [0.00092, '$0.00092'],
    [0.059267, '$0.059'],
    [0.9994, '$0.999'],
    [0.9996, '$1.00'],
    [1234.5, '$1,234.50'],
    [-0.25, '-$0.250'],
  ])('%f reads as %s', (value, words) => {
    expect(usd(value)).toBe(words);
  });

  it('never reads as nothing when something was spent', () => {
    for (let value = 1e-9; value < 1; value *= 3) expect(usd(value)).toMatch(/[1-9]/);
  });

  it('says per what it is', () => {
    expect(usdPerHour(0.3)).toBe('$0.300/h');
  });
});

describe('sizes', () => {
  it.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [21_500, '21.5 kB'],
    [999_960, '1.0 MB'],
    [8_703_819_776, '8.7 GB'],
  ])('%d bytes read as %s', (count, words) => {
    expect(bytes(count)).toBe(words);
  });

  it('tells 99.9% from certainty', () => {
    const shares = [0.35, 0.99, 0.992, 0.99999, 1].map(share);

    expect(shares).toEqual(['35%', '99%', '99.2%', '99.9%', '100%']);
  });

  it.each([
    [5751.4, '5,751 ms'],
    [33.25, '33.3 ms'],
    [0.04, '0.04 ms'],
    [0, '0 ms'],
  ])('%d has its unit and says what is there: %s', (value, words) => {
    expect(amount(value, 'ms')).toBe(words);
  });
});

describe('time', () => {
  it.each([
    [-5, '0.0 s'],
    [4040, '4.0 s'],
    [59_999, '59 s'],
    [125_000, '2 min 5 s'],
    [7_200_000, '2 h'],
    [187_200_000, '2 d 4 h'],
  ])('%d ms last %s', (ms, words) => {
    expect(duration(ms)).toBe(words);
  });

  it('says what is past and what is to come', () => {
    const now = new Date('2026-11-30T12:00:00Z');

    expect(distance(new Date('2026-11-30T11:59:50Z'), now)).toBe('10 s ago');
    expect(distance(new Date('2026-11-30T12:03:00Z'), now)).toBe('in 3 min');
    expect(distance(now, now)).toBe('just now');
  });
});
