import { useQuery } from '@tanstack/react-query';
import type { SshKey } from '@/api/contract';
import { Button } from '@/design/Button';
import { Form, TextArea } from '@/design/Form';
import { Card, Facts, Note, Row } from '@/design/Layout';
import { Empty, Notice } from '@/design/Notice';
import { At } from '@/design/Values';
import { useConnection } from '@/parts/connection';
import { Loaded } from '@/parts/Loaded';
import { Trouble } from '@/parts/Trouble';
import { sshKeyQuery, useSetSshKey } from './queries';

/** The public key that opens the machines of orders that name none. */
export function SshKeyCard() {
  const { api, isDemo } = useConnection();
  const key = useQuery(sshKeyQuery(api));
  return (
    <Card title="SSH key">
      <Loaded query={key} what="your SSH key">
        {(kept) => (
          <>
            {kept.public_key === null ? (
              <Empty title="No key yet">
                <p>Without one, an order has to name its own, or nobody can log in to its machine.</p>
              </Empty>
            ) : (
              <Kept kept={kept} />
            )}
            {isDemo ? null : <Change isSet={kept.public_key !== null} />}
          </>
        )}
      </Loaded>
      <Note>It goes with orders from now on that name no key. Machines that are there keep theirs.</Note>
    </Card>
  );
}

function Kept({ kept }: { readonly kept: SshKey }) {
  return (
    <Facts
      facts={[
        { name: 'Fingerprint', value: <code>{kept.fingerprint}</code> },
        { name: 'Comment', value: kept.comment || 'none' },
        { name: 'Kind', value: kept.public_key?.split(' ')[0] },
        { name: 'Set', value: <At at={kept.set_at} /> },
      ]}
    />
  );
}

function Change({ isSet }: { readonly isSet: boolean }) {
  const set = useSetSshKey();
  const submit = (fields: FormData) => {
    const line = fields.get('public_key');
    if (typeof line === 'string') set.mutate(line.trim());
  };
  return (
    // Once it is kept the field is empty again.
    <Form key={set.data?.set_at ?? 'none'} name="SSH key" onSubmit={submit}>
      <TextArea
        label={isSet ? 'Another public key' : 'Public key'}
        name="public_key"
        rows={2}
        maxLength={4096}
        spellCheck={false}
        required
        placeholder="ssh-ed25519 AAAA… you@laptop"
        hint="The line of ~/.ssh/id_ed25519.pub; never the private key."
      />
      <Trouble error={set.error} />
      {set.isSuccess ? <Notice tone="busy">{set.data.public_key === null ? 'It is removed.' : 'It is kept.'}</Notice> : null}
      <Row>
        <Button type="submit" busy={set.isPending}>
          {isSet ? 'Replace the key' : 'Keep the key'}
        </Button>
        {isSet ? (
          <Button kind="dangerPlain" busy={set.isPending} onClick={() => set.mutate('')}>
            Remove the key
          </Button>
        ) : null}
      </Row>
    </Form>
  );
}
