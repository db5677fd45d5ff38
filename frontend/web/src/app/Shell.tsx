import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { useState, useSyncExternalStore } from 'react';
import { Button } from '@/design/Button';
import { useSignOut } from '@/features/session/queries';
import { useConnection } from '@/parts/connection';
import { DESTINATIONS } from './navigation';
import styles from './shell.module.css';
import { ThemeSwitch } from './ThemeSwitch';

/** Around every page: where one can go, who one is, and in which colours. */
export function Shell() {
  const { isDemo } = useConnection();
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main">
        Skip to the content
      </a>
      <Chrome />
      <div>
        {isDemo ? <DemoBanner /> : null}
        <main id="main" className={styles.main} tabIndex={-1}>
          <Outlet />
        </main>
      </div>
    </div>
  );
}

function Chrome() {
  const [openAt, setOpenAt] = useState('');
  const here = useRouterState({ select: (state) => state.location.pathname });
  // Going somewhere closes the menu.
  const isOpen = openAt === here;
  return (
    <header className={`${styles.chrome ?? ''} ${isOpen ? (styles.open ?? '') : ''}`}>
      <Link to="/" className={styles.brand}>
        <img src="/dumont.svg" alt="" width="28" height="28" />
        Dumont Cloud
      </Link>
      <button
        type="button"
        className={styles.menu}
        aria-expanded={isOpen}
        onClick={() => setOpenAt(isOpen ? '' : here)}
      >
        Menu
      </button>
      <nav className={styles.nav} aria-label="Areas">
        {DESTINATIONS.map(({ name, to, exact = false }) => (
          <Link key={name} to={to} activeOptions={{ exact, includeSearch: false }}>
            {name}
          </Link>
        ))}
      </nav>
      <div className={styles.foot}>
        <Who />
        <ThemeSwitch />
      </div>
    </header>
  );
}

function Who() {
  const { session, isDemo } = useConnection();
  const { signedIn, user } = useSyncExternalStore(session.subscribe, session.view);
  const signOut = useSignOut();
  if (isDemo) return <span>The demo: nobody is signed in.</span>;
  if (!signedIn) return <Link to="/sign-in">Sign in</Link>;
  return (
    <>
      <span>{user?.email ?? 'Signed in'}</span>
      <Button kind="quiet" onClick={() => signOut.mutate()}>
        Sign out
      </Button>
    </>
  );
}

function DemoBanner() {
  return (
    <div className={styles.banner} role="note">
      <strong>Demo</strong>
      <span>Real answers of a tenant that nobody can change.</span>
      <Link to="/sign-in" search={{ demo: undefined }}>
        Sign in for your own
      </Link>
    </div>
  );
}
