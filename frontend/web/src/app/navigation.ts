import type { LinkProps } from '@tanstack/react-router';

export interface Destination {
  readonly name: string;
  readonly to: NonNullable<LinkProps['to']>;
  readonly exact?: boolean;
}

/** The areas of the site, in their order. A new area is one line here and one in routes.tsx. */
export const DESTINATIONS: readonly Destination[] = [
  { name: 'Fleet', to: '/', exact: true },
  { name: 'Offers', to: '/offers' },
  { name: 'Budgets', to: '/budgets' },
  { name: 'Health', to: '/status' },
  { name: 'Settings', to: '/settings' },
];
