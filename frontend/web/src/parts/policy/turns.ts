import type { PolicyTurn } from '@/api/contract';

/** A set moment as people say it; what the fields cannot say stays cron's. */
export interface Turn {
  readonly action: PolicyTurn['action'];
  /** A value of DAYS, or BY_CRON. */
  readonly days: string;
  readonly time: string;
  readonly cron: string;
  readonly zone: string;
}

export const BY_CRON = 'cron';

export const DAYS = [
  { value: '*', name: 'every day' },
  { value: 'mon-fri', name: 'Monday to Friday' },
  { value: 'sat,sun', name: 'Saturday and Sunday' },
  { value: 'mon', name: 'Mondays' },
  { value: 'tue', name: 'Tuesdays' },
  { value: 'wed', name: 'Wednesdays' },
  { value: 'thu', name: 'Thursdays' },
  { value: 'fri', name: 'Fridays' },
  { value: 'sat', name: 'Saturdays' },
  { value: 'sun', name: 'Sundays' },
] as const;

export const DAYS_OR_CRON = [...DAYS, { value: BY_CRON, name: 'by a cron line' }] as const;

export function newTurn(zone: string): Turn {
  return { action: 'sleep', days: 'mon-fri', time: '22:00', cron: '', zone };
}

export function turnOf({ action, cron, zone = 'UTC' }: PolicyTurn): Turn {
  const [, minute = '', hour = '', days = ''] = /^(\d{1,2}) (\d{1,2}) \* \* (\S+)$/.exec(cron) ?? [];
  const isSimple =
    minute !== '' &&
    Number(minute) < 60 &&
    Number(hour) < 24 &&
    DAYS.some(({ value }) => value === days);
  const time = `${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`;
  return isSimple
    ? { action, days, time, cron, zone }
    : { action, days: BY_CRON, time: '22:00', cron, zone };
}

export function scheduleOf({ action, days, time, cron, zone }: Turn): PolicyTurn {
  if (days === BY_CRON) return { action, cron: cron.trim(), zone: zone.trim() };
  const [hour, minute] = time.split(':').map(Number);
  return { action, cron: `${minute ?? 0} ${hour ?? 0} * * ${days}`, zone: zone.trim() };
}

export function turnWords(schedule: PolicyTurn): string {
  const { action, days, time, cron, zone } = turnOf(schedule);
  const when =
    days === BY_CRON ? `at “${cron}”` : `${DAYS.find(({ value }) => value === days)?.name ?? days} at ${time}`;
  return `${action === 'sleep' ? 'Sleeps' : 'Wakes'} ${when} (${zone})`;
}
