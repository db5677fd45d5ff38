import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { ApiKey } from '@/api/contract';
import { wordsOf } from '@/api/problem';
import { Button } from '@/design/Button';
import { useNow } from '@/design/clock';
import { Dialog } from '@/design/Dialog';
import { Card, Note } from '@/design/Layout';
import { Empty, Failure, Loading } from '@/design/Notice';
import { Table, type Column } from '@/design/Table';
import { At, Since } from '@/design/Values';
import { useConnection } from '@/parts/connection';
import { Trouble } from '@/parts/Trouble';
import { hasExpired } from './apiKey';
import { NewApiKeyDialog } from './NewApiKeyDialog';
import { apiKeysQuery, useRevokeApiKey } from './queries';

/** Keys for programs: what each may do, when it was used last, and its end. */
export function ApiKeysCard() {
  const { api, isDemo } = useConnection();
  const keys = useInfiniteQuery(apiKeysQuery(api));
  const [asked, setAsked] = useState<'new' | ApiKey | null>(null);
  const now = useNow();
  const items = keys.data?.pages.flatMap((page) => page.items) ?? [];
  const columns = [...looks(now), ...(isDemo ? [] : [doings(setAsked)])];
  const close = () => setAsked(null);
  return (
    <Card
      title="API keys"
      aside={
        isDemo ? null : (
          <Button small onClick={() => setAsked('new')}>
            Make a key …
          </Button>
        )
      }
    >
      {keys.isError ? <Failure words={wordsOf(keys.error)} onRetry={() => void keys.refetch()} /> : null}
      {keys.isPending ? <Loading what="your API keys" /> : null}
      {keys.data && items.length === 0 ? (
        <Empty title="No key yet">
          <p>A program, a script or a build logs in with one, and may do no more than you say.</p>
        </Empty>
      ) : null}
      {items.length > 0 ? <Table caption="API keys" columns={columns} rows={items} rowKey={(each) => each.id} /> : null}
      {keys.hasNextPage ? (
        <Button busy={keys.isFetchingNextPage} onClick={() => void keys.fetchNextPage()}>
          Show more
        </Button>
      ) : null}
      <Note>The command line takes one from DUMONT_API_KEY. When one was used is exact to the hour.</Note>
      {asked === 'new' ? <NewApiKeyDialog onClose={close} /> : null}
      {asked !== null && asked !== 'new' ? <RevokeDialog apiKey={asked} onClose={close} /> : null}
    </Card>
  );
}

function looks(now: Date): Column<ApiKey>[] {
  return [
    { name: 'Name', cell: ({ name }) => name },
    { name: 'May', cell: ({ scopes, instance_id: only }) => scopes.join(', ') + (only === null ? '' : ` of ${only}`) },
    { name: 'Made', cell: ({ created_at }) => <At at={created_at} /> },
    {
      name: 'Ends',
      cell: ({ expires_at: ends }) => {
        if (ends === null) return 'when it is revoked';
        return hasExpired(ends, now) ? <>ended <Since at={ends} /></> : <Since at={ends} />;
      },
    },
    {
      name: 'Last used',
      cell: ({ last_used_at: used }) => (used === null ? 'never' : <Since at={used} />),
    },
  ];
}

function doings(ask: (key: ApiKey) => void): Column<ApiKey> {
  return {
    name: '',
    cell: (key) => (
      <Button small kind="dangerPlain" aria-label={`Revoke: ${key.name}`} onClick={() => ask(key)}>
        Revoke
      </Button>
    ),
  };
}

function RevokeDialog({ apiKey, onClose }: { readonly apiKey: ApiKey; readonly onClose: () => void }) {
  const revoke = useRevokeApiKey();
  return (
    <Dialog
      title={`Revoke ${apiKey.name}?`}
      onClose={onClose}
      actions={
        <Button kind="danger" busy={revoke.isPending} onClick={() => revoke.mutate(apiKey.id, { onSuccess: onClose })}>
          Revoke it
        </Button>
      }
    >
      <p>From now on it opens nothing. Whatever logs in with it stops working.</p>
      <Trouble error={revoke.error} />
    </Dialog>
  );
}
