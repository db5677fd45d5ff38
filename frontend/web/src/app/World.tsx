import { QueryClientProvider } from '@tanstack/react-query';
import { wordsOf } from '@/api/problem';
import { Page } from '@/design/Layout';
import { Failure } from '@/design/Notice';
import { ConnectionContext } from '@/parts/connection';
import { Shell } from './Shell';
import type { Worlds } from './worlds';

/** Chooses by the address whether this is the demo or one's own. */
export function Around({ worlds, isDemo }: { readonly worlds: Worlds; readonly isDemo: boolean }) {
  const { connection, queries } = isDemo ? worlds.demo : worlds.own;
  return (
    <QueryClientProvider client={queries}>
      <ConnectionContext value={connection}>
        <Shell key={isDemo ? 'demo' : 'own'} />
      </ConnectionContext>
    </QueryClientProvider>
  );
}

export function NotFoundPage() {
  return (
    <Page title="Nothing here" lead="This address leads to no page of the site.">
      {null}
    </Page>
  );
}

export function BrokenPage({ error }: { readonly error: unknown }) {
  return (
    <Page title="This page failed">
      <Failure words={wordsOf(error)} onRetry={() => window.location.reload()} />
    </Page>
  );
}
