import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import type { ProviderKey } from '@/api/contract';
import { Badge } from '@/design/Badge';
import { Button } from '@/design/Button';
import { Dialog } from '@/design/Dialog';
import { Form, TextField } from '@/design/Form';
import { Card, Note, Row } from '@/design/Layout';
import { Table, type Column } from '@/design/Table';
import { At } from '@/design/Values';
import { useConnection } from '@/parts/connection';
import { Loaded } from '@/parts/Loaded';
import { Trouble } from '@/parts/Trouble';
import { checkOf, type KeyCheck } from './keyCheck';
import { providersQuery, useRemoveProviderKey, useSetProviderKey, useTestKeys } from './queries';

interface Asked {
  readonly what: 'set' | 'remove';
  readonly provider: ProviderKey;
}

/** Keys at the marketplaces: set, tested, replaced and removed, and never read back. */
export function ProviderKeysCard() {
  const { api, isDemo } = useConnection();
  const providers = useQuery(providersQuery(api));
  const [asked, setAsked] = useState<Asked | null>(null);
  const test = useTestKeys();
  const columns = [...looks((name) => (test.data ? checkOf(name, test.data) : null)), ...(isDemo ? [] : [doings(setAsked)])];
  const anySet = providers.data?.items.some((each) => each.is_set) ?? false;
  const close = () => {
    test.reset();
    setAsked(null);
  };
  return (
    <Card
      title="Provider keys"
      aside={
        !isDemo && anySet ? (
          <Button small busy={test.isPending} onClick={() => test.mutate()}>
            Test the keys
          </Button>
        ) : null
      }
    >
      <Trouble error={test.error} />
      <Loaded query={providers} what="the provider keys">
        {({ items }) => (
          <Table caption="Provider keys" columns={columns} rows={items} rowKey={(each) => each.provider} />
        )}
      </Loaded>
      <Note>
        A key is tested at its provider before it is kept, sealed, and is never shown again. Machines
        are rented in your name with it.
      </Note>
      {asked?.what === 'set' ? <KeyDialog provider={asked.provider} onClose={close} /> : null}
      {asked?.what === 'remove' ? <RemoveKeyDialog provider={asked.provider} onClose={close} /> : null}
    </Card>
  );
}

function looks(checked: (provider: string) => KeyCheck | null): Column<ProviderKey>[] {
  return [
    { name: 'Provider', cell: ({ provider }) => provider },
    {
      name: 'Key',
      cell: (each) => {
        const check = each.is_set ? checked(each.provider) : null;
        return (
          <>
            <Badge tone={each.is_set ? (check?.isGood === false ? 'bad' : 'good') : 'still'}>
              {each.is_set ? 'is set' : 'not set'}
            </Badge>
            {check ? <p role="status">{check.words}</p> : null}
          </>
        );
      },
    },
    {
      name: 'The provider took it',
      cell: ({ is_set, accepted_at }) => (is_set ? <At at={accepted_at} /> : 'none'),
    },
  ];
}

function doings(ask: (asked: Asked) => void): Column<ProviderKey> {
  return {
    name: '',
    cell: (provider) => (
      <Row>
        <Button
          small
          aria-label={`${provider.is_set ? 'Replace' : 'Set a key'}: ${provider.provider}`}
          onClick={() => ask({ what: 'set', provider })}
        >
          {provider.is_set ? 'Replace' : 'Set a key'}
        </Button>
        {provider.is_set ? (
          <Button
            small
            kind="dangerPlain"
            aria-label={`Remove: the key of ${provider.provider}`}
            onClick={() => ask({ what: 'remove', provider })}
          >
            Remove
          </Button>
        ) : null}
      </Row>
    ),
  };
}

interface DialogProps {
  readonly provider: ProviderKey;
  readonly onClose: () => void;
}

function KeyDialog({ provider: { provider, is_set }, onClose }: DialogProps) {
  const form = useId();
  const set = useSetProviderKey();
  const submit = (fields: FormData) => {
    const key = fields.get('api_key');
    if (typeof key === 'string') set.mutate({ provider, api_key: key.trim() }, { onSuccess: onClose });
  };
  return (
    <Dialog
      title={is_set ? `Another key for ${provider}` : `Your key for ${provider}`}
      onClose={onClose}
      actions={
        <Button kind="primary" type="submit" form={form} busy={set.isPending}>
          Test and keep it
        </Button>
      }
    >
      <Form id={form} name="Provider key" onSubmit={submit}>
        <TextField
          label="API key"
          name="api_key"
          type="password"
          autoComplete="off"
          spellCheck={false}
          maxLength={512}
          required
          hint={is_set ? 'The one before stays where the provider does not take this one.' : undefined}
        />
        <Trouble error={set.error} />
      </Form>
    </Dialog>
  );
}

function RemoveKeyDialog({ provider: { provider }, onClose }: DialogProps) {
  const remove = useRemoveProviderKey();
  return (
    <Dialog
      title={`Remove the key of ${provider}?`}
      onClose={onClose}
      actions={
        <Button kind="danger" busy={remove.isPending} onClick={() => remove.mutate(provider, { onSuccess: onClose })}>
          Remove it
        </Button>
      }
    >
      <p>Nothing more can be rented or woken there until you set one again. Snapshots stay.</p>
      <Trouble error={remove.error} />
    </Dialog>
  );
}
