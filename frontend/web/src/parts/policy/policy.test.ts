import { describe, expect, it } from 'vitest';
import type { Policy, PolicyTurn } from '@/api/contract';
import { draftOf, isSame, policyOf } from './draft';
import { BY_CRON, scheduleOf, turnOf, turnWords } from './turns';
import { quietWords, ruleWords } from './words';

const TURNS: readonly [PolicyTurn, string, string][] = [
  [{ action: 'sleep', cron: '0 22 * * mon-fri', zone: 'Europe/Berlin' }, 'mon-fri', 'Sleeps Monday to Friday at 22:00 (Europe/Berlin)'],
  [{ action: 'wake', cron: '5 8 * * *', zone: 'UTC' }, '*', 'Wakes every day at 08:05 (UTC)'],
  [{ action: 'wake', cron: '0 8 1 * *', zone: 'UTC' }, BY_CRON, 'Wakes at “0 8 1 * *” (UTC)'],
  [{ action: 'sleep', cron: '*/5 8 * * *', zone: 'UTC' }, BY_CRON, 'Sleeps at “*/5 8 * * *” (UTC)'],
  [{ action: 'sleep', cron: '0 25 * * *', zone: 'UTC' }, BY_CRON, 'Sleeps at “0 25 * * *” (UTC)'],
  [{ action: 'sleep', cron: '0 22 * * mon,wed', zone: 'UTC' }, BY_CRON, 'Sleeps at “0 22 * * mon,wed” (UTC)'],
];

describe('a set time', () => {
  it.each(TURNS)('%j comes back from its fields as it was, and is said in words', (schedule, days, words) => {
    const turn = turnOf(schedule);

    expect(turn.days).toBe(days);
    expect(scheduleOf(turn)).toEqual(schedule);
    expect(turnWords(schedule)).toBe(words);
  });
});

describe('a policy', () => {
  const whole: Policy = {
    enabled: true,
    adaptive: true,
    idle_minutes: 7.5,
    gpu_threshold_percent: 12,
    minimum_run_s: 0,
    quiet_hours: [{ begins: '22:00', ends: '06:00', zone: 'Asia/Tokyo' }],
    schedules: [{ action: 'wake', cron: '0 8 * * mon-fri', zone: 'UTC' }],
  };

  it('comes back from the form as it was', () => {
    expect(policyOf(draftOf(whole))).toEqual(whole);
  });

  it('that does not say is the one with the defaults of the API', () => {
    expect(policyOf(draftOf({}))).toEqual({
      enabled: true,
      adaptive: false,
      idle_minutes: 3,
      gpu_threshold_percent: 5,
      minimum_run_s: 60,
      quiet_hours: [],
      schedules: [],
    });
    expect(isSame({}, { idle_minutes: 3 })).toBe(true);
    expect(isSame({}, { idle_minutes: 4 })).toBe(false);
  });

  it('is said in words', () => {
    expect(ruleWords({ enabled: false })).toBe('never by itself');
    expect(ruleWords({ idle_minutes: 10 })).toBe('after 10 min with the GPU below 5 %');
    expect(ruleWords({ adaptive: true })).toBe('when waiting no longer pays, with the GPU below 5 %');
    expect(quietWords({ begins: '22:00', ends: '06:00' })).toBe('Idleness is ignored from 22:00 to 06:00 (UTC)');
  });
});
