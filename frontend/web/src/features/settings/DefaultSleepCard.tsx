import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Policy } from '@/api/contract';
import { Button } from '@/design/Button';
import { Form } from '@/design/Form';
import { Card, Note, Row } from '@/design/Layout';
import { Notice } from '@/design/Notice';
import { useConnection } from '@/parts/connection';
import { Loaded } from '@/parts/Loaded';
import { draftOf, isSame, policyOf, type Draft } from '@/parts/policy/draft';
import { PolicyFields } from '@/parts/policy/PolicyFields';
import { PolicyWords } from '@/parts/policy/PolicyWords';
import { Trouble } from '@/parts/Trouble';
import { defaultPolicyQuery, useSaveDefaultPolicy } from './queries';

/** When workspaces to come sleep, where their order does not say. */
export function DefaultSleepCard() {
  const { api, isDemo } = useConnection();
  const policy = useQuery(defaultPolicyQuery(api));
  return (
    <Card title="Sleep of new workspaces">
      <Loaded query={policy} what="when new workspaces sleep">
        {(own) => (isDemo ? <PolicyWords policy={own} /> : <Editor policy={own} />)}
      </Loaded>
      <Note>Those that are there keep their own; change it on the page of each.</Note>
    </Card>
  );
}

function Editor({ policy }: { readonly policy: Policy }) {
  const [begun, setBegun] = useState<Draft | null>(null);
  const save = useSaveDefaultPolicy();
  const draft = begun ?? draftOf(policy);
  const change = (next: Draft | null) => {
    save.reset();
    setBegun(next);
  };
  return (
    <Form
      name="Sleep of new workspaces"
      onSubmit={() => save.mutate(policyOf(draft), { onSuccess: () => setBegun(null) })}
    >
      <PolicyFields draft={draft} onChange={change} />
      <Trouble error={save.error} />
      {save.isSuccess ? <Notice tone="busy">Saved. It holds for what is ordered from now on.</Notice> : null}
      <Row>
        <Button type="submit" busy={save.isPending}>
          Save
        </Button>
        {isSame(policyOf(draft), policy) ? null : (
          <Button kind="quiet" onClick={() => change(null)}>
            Take back the changes
          </Button>
        )}
      </Row>
    </Form>
  );
}
