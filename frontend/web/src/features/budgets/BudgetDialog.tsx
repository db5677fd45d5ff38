import { useId } from 'react';
import type { Budget, BudgetBody } from '@/api/contract';
import { Button } from '@/design/Button';
import { Dialog } from '@/design/Dialog';
import { Form, Select, TextField, type Choice } from '@/design/Form';
import { Note, Stack } from '@/design/Layout';
import { perPeriod, AT_LIMIT, PERIODS } from './standing';
import { limitIn } from './limit';
import { Trouble } from '@/parts/Trouble';

interface Props {
  /** The one to change; null for a new one of a workspace. */
  readonly budget: Budget | null;
  readonly title: string;
  readonly workspaces: readonly Choice[];
  readonly isPending: boolean;
  readonly error: unknown;
  readonly onClose: () => void;
  readonly onSet: (body: BudgetBody) => void;
}

/** Asks for an amount and for what happens at it. */
export function BudgetDialog({ budget, title, workspaces, isPending, error, onClose, onSet }: Props) {
  const form = useId();
  const submit = (fields: FormData) => {
    const asked = limitIn(fields);
    onSet(budget ? { ...asked, instance_id: budget.instance_id, period: budget.period } : asked);
  };
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <Button kind="primary" type="submit" form={form} busy={isPending}>
          Set the cap
        </Button>
      }
    >
      <Form id={form} name={title} onSubmit={submit}>
        {budget ? null : (
          <>
            <Select label="Workspace" name="instance_id" choices={workspaces} />
            <Select label="It bounds what accrues in" name="period" choices={PERIODS} />
          </>
        )}
        <TextField
          label={`Cap, USD${budget ? (budget.period === 'hourly' ? ' an hour' : ' a month') : ''}`}
          name="cap_usd"
          type="number"
          min={0}
          max={10_000_000}
          step="any"
          inputMode="decimal"
          required
          defaultValue={budget?.cap_usd ?? undefined}
          hint={budget ? now(budget) : undefined}
        />
        <Select
          label="At the limit"
          name="at_limit"
          choices={AT_LIMIT}
          defaultValue={budget?.at_limit ?? 'block'}
        />
        <Stack>
          <Note>
            Put to sleep means: a verified snapshot first, in time before the cap is passed. A month
            is a calendar month in UTC; an hourly cap bounds the rate.
          </Note>
        </Stack>
        <Trouble error={error} />
      </Form>
    </Dialog>
  );
}

function now({ period, spent_usd: spent }: Budget): string {
  return `It stands at ${perPeriod(period)(spent)} now.`;
}
