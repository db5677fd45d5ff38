import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  retainSearchParams,
} from '@tanstack/react-router';
import { filterIn, orderIn } from '@/features/offers/filter';
import { Loading } from '@/design/Notice';
import { Around, BrokenPage, NotFoundPage } from './World';
import type { Worlds } from './worlds';

interface Context {
  readonly worlds: Worlds;
}

const root = createRootRouteWithContext<Context>()({
  validateSearch: (search: Record<string, unknown>): { demo?: true | undefined } =>
    search.demo === true ? { demo: true } : {},
  search: { middlewares: [retainSearchParams(['demo'])] },
  component: function Root() {
    const { worlds } = root.useRouteContext();
    return <Around worlds={worlds} isDemo={root.useSearch().demo === true} />;
  },
  notFoundComponent: NotFoundPage,
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  // What is not named here stays in the address as it came.
  validateSearch: (search: Record<string, unknown>): { from?: string | undefined } => ({
    from: isOwnPath(search.from) ? search.from : undefined,
  }),
  component: lazyRouteComponent(() => import('@/features/session/SignInPage'), 'SignInPage'),
});

const register = createRoute({
  getParentRoute: () => root,
  path: '/register',
  component: lazyRouteComponent(() => import('@/features/session/RegisterPage'), 'RegisterPage'),
});

const health = createRoute({
  getParentRoute: () => root,
  path: '/status',
  component: lazyRouteComponent(() => import('@/features/agents/HealthPage'), 'HealthPage'),
});

/** Pages that show somebody's things: whoever is nobody signs in first, and comes back. */
const members = createRoute({
  getParentRoute: () => root,
  id: 'members',
  beforeLoad: ({ context, search, location }) => {
    const { signedIn } = context.worlds.own.connection.session.view();
    if (search.demo === true || signedIn) return;
    const from = location.href === '/' ? {} : { from: location.href };
    redirect({ to: '/sign-in', search: from, replace: true, throw: true });
  },
});

const fleet = createRoute({
  getParentRoute: () => members,
  path: '/',
  component: lazyRouteComponent(() => import('@/features/fleet/FleetPage'), 'FleetPage'),
});

const offers = createRoute({
  getParentRoute: () => members,
  path: '/offers',
  validateSearch: filterIn,
  component: lazyRouteComponent(() => import('@/features/offers/OffersPage'), 'OffersPage'),
});

const deploy = createRoute({
  getParentRoute: () => members,
  path: '/deploy',
  validateSearch: orderIn,
  component: lazyRouteComponent(() => import('@/features/offers/DeployPage'), 'DeployPage'),
});

const budgets = createRoute({
  getParentRoute: () => members,
  path: '/budgets',
  component: lazyRouteComponent(() => import('@/features/budgets/BudgetsPage'), 'BudgetsPage'),
});

const settings = createRoute({
  getParentRoute: () => members,
  path: '/settings',
  component: lazyRouteComponent(() => import('@/features/settings/SettingsPage'), 'SettingsPage'),
});

const instance = createRoute({
  getParentRoute: () => members,
  path: '/instances/$instanceId',
  component: lazyRouteComponent(() => import('@/features/instances/InstancePage'), 'InstancePage'),
});

const instancePart = <P extends string>(path: P) =>
  ({ getParentRoute: () => instance, path }) as const;

const overview = createRoute({
  ...instancePart('/'),
  component: lazyRouteComponent(() => import('@/features/instances/OverviewPart'), 'OverviewPart'),
});

const sleep = createRoute({
  ...instancePart('/sleep'),
  component: lazyRouteComponent(() => import('@/features/instances/SleepPart'), 'SleepPart'),
});

const cost = createRoute({
  ...instancePart('/cost'),
  component: lazyRouteComponent(() => import('@/features/instances/CostPart'), 'CostPart'),
});

const snapshots = createRoute({
  ...instancePart('/snapshots'),
  component: lazyRouteComponent(() => import('@/features/instances/SnapshotsPart'), 'SnapshotsPart'),
});

const timeline = createRoute({
  ...instancePart('/timeline'),
  component: lazyRouteComponent(() => import('@/features/instances/TimelinePart'), 'TimelinePart'),
});

const logs = createRoute({
  ...instancePart('/logs'),
  component: lazyRouteComponent(() => import('@/features/instances/LogsPart'), 'LogsPart'),
});

const tree = root.addChildren([
  signIn,
  register,
  health,
  members.addChildren([
    fleet,
    offers,
    deploy,
    budgets,
    settings,
    instance.addChildren([overview, sleep, cost, snapshots, timeline, logs]),
  ]),
]);

export function makeRouter(worlds: Worlds) {
  const router = createRouter({
    routeTree: tree,
    context: { worlds },
    defaultPreload: 'intent',
    defaultErrorComponent: BrokenPage,
    defaultPendingComponent: () => <Loading what="the page" />,
    scrollRestoration: true,
  });
  const { session } = worlds.own.connection;
  // A login that ends takes its pages with it.
  session.subscribe(() => {
    if (!session.view().signedIn) void router.invalidate();
  });
  return router;
}

/** Only to a page of ours: an address from outside may not lead away. */
function isOwnPath(value: unknown): value is string {
  return typeof value === 'string' && /^\/(?![/\\])/.test(value);
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
