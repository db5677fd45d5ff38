import { useState } from 'react';
import type { Policy } from '@/api/contract';
import { Button } from '@/design/Button';
import { FieldGrid, Form, Select } from '@/design/Form';
import { Row } from '@/design/Layout';
import { Notice } from '@/design/Notice';
import { draftOf, isSame, policyOf, type Draft } from '@/parts/policy/draft';
import { PolicyFields } from '@/parts/policy/PolicyFields';
import { Trouble } from '@/parts/Trouble';
import { ComparisonTable } from './ComparisonTable';
import { useCompare, useSavePolicy } from './sleep';

interface Props {
  readonly instanceId: string;
  readonly policy: Policy;
}

/** What somebody has begun to change, and the policy that they began with. */
interface Begun {
  readonly draft: Draft;
  readonly from: Policy;
}

const SPANS = [
  { value: '7', name: '7 days' },
  { value: '30', name: '30 days' },
  { value: '90', name: '90 days' },
] as const;

/** Changes a policy; what it would have come to can be seen before it is saved. */
export function PolicyEditor({ instanceId, policy }: Props) {
  const [begun, setBegun] = useState<Begun | null>(null);
  const [days, setDays] = useState('7');
  const compare = useCompare(instanceId);
  const save = useSavePolicy(instanceId);
  const draft = begun?.draft ?? draftOf(policy);
  const asked = policyOf(draft);
  const isChanged = !isSame(asked, policy);
  const change = (next: Draft) => {
    save.reset();
    setBegun({ draft: next, from: begun?.from ?? policy });
  };
  const simulation = compare.data?.instances[0];
  const compared = compare.variables;
  return (
    <Form
      name="Sleep policy"
      onSubmit={() => save.mutate(asked, { onSuccess: () => setBegun(null) })}
    >
      <PolicyFields draft={draft} onChange={change} />
      {begun && !isSame(begun.from, policy) ? (
        <Notice tone="warn">It was changed elsewhere since you began; saving puts yours in its place.</Notice>
      ) : null}
      <FieldGrid>
        <Select
          label="Compare over the last"
          choices={SPANS}
          value={days}
          onChange={(event) => setDays(event.target.value)}
        />
      </FieldGrid>
      <Trouble error={compare.error} />
      {simulation && compared ? (
        <ComparisonTable
          simulation={simulation}
          days={compared.days}
          isOld={!isSame(compared.policy, asked) || compared.days !== Number(days)}
        />
      ) : null}
      <Trouble error={save.error} />
      {save.isSuccess ? <Notice tone="busy">Saved. A running machine is told.</Notice> : null}
      <Row>
        <Button
          busy={compare.isPending}
          onClick={(event) => {
            if (event.currentTarget.form?.reportValidity()) compare.mutate({ policy: asked, days: Number(days) });
          }}
        >
          Compare with today
        </Button>
        <Button type="submit" kind="primary" busy={save.isPending}>
          Save the policy
        </Button>
        {isChanged ? (
          <Button kind="quiet" onClick={() => setBegun(null)}>
            Take back the changes
          </Button>
        ) : null}
      </Row>
    </Form>
  );
}
