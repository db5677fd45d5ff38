import type { ApiKeyBody, Scope } from '@/api/contract';

export const SCOPES: readonly { readonly value: Scope; readonly name: string }[] = [
  { value: 'read', name: 'read: look at everything of yours' },
  { value: 'write', name: 'write: change, rent and spend' },
  { value: 'proxy', name: 'proxy: ask the servers on your instances, and wake these' },
  { value: 'metrics', name: 'metrics: the figures for Prometheus' },
  { value: 'operate', name: 'operate: pause background jobs, if you run this deployment' },
];

export const LIVES = [
  { value: '30', name: '30 days' },
  { value: '90', name: '90 days' },
  { value: '365', name: 'a year' },
  { value: '', name: 'until it is revoked' },
] as const;

const DAY_MS = 86_400_000;

/** The key that a form asks for; it ends so many days from `now`. */
export function apiKeyIn(fields: FormData, now: Date): ApiKeyBody {
  const name = fields.get('name');
  const days = Number(fields.get('days') ?? '');
  const scopes = SCOPES.map(({ value }) => value).filter((scope) => fields.get(scope) === 'on');
  return {
    name: typeof name === 'string' ? name.trim() : '',
    scopes,
    expires_at: days > 0 ? new Date(now.getTime() + days * DAY_MS).toISOString() : null,
  };
}

export function hasExpired(expiresAt: string | null, now: Date): boolean {
  return expiresAt !== null && Date.parse(expiresAt) <= now.getTime();
}
