import { Link } from '@tanstack/react-router';
import type { Budget } from '@/api/contract';
import { Badge } from '@/design/Badge';
import { Button } from '@/design/Button';
import { Note, Row } from '@/design/Layout';
import { Share } from '@/design/Share';
import { Table, type Column } from '@/design/Table';
import { usd, usdPerHour } from '@/format/money';
import { share } from '@/format/size';
import { shortId } from '@/parts/states';
import { budgetKey, perPeriod, standingOf, thenOf } from './standing';

export interface BudgetActions {
  readonly change: (budget: Budget) => void;
  readonly remove: (budget: Budget) => void;
}

interface Props {
  readonly caption: string;
  readonly budgets: readonly Budget[];
  readonly nameOf: (instanceId: string) => string | undefined;
  readonly actions: BudgetActions | null;
}

export function BudgetTable({ caption, budgets, nameOf, actions }: Props) {
  const about = (budget: Budget) => subject(budget, nameOf);
  const columns = [who(nameOf), ...FIGURES, ...(actions ? [doings(actions, about)] : [])];
  return <Table caption={caption} columns={columns} rows={budgets} rowKey={budgetKey} />;
}

function who(nameOf: Props['nameOf']): Column<Budget> {
  return {
    name: 'For',
    cell: ({ instance_id: id, period }) => (
      <>
        {id === null ? (
          'All that you rent'
        ) : (
          <Link to="/instances/$instanceId" params={{ instanceId: id }}>
            {nameOf(id) ?? shortId(id)}
          </Link>
        )}
        <Note>{period}</Note>
      </>
    ),
  };
}

const FIGURES: readonly Column<Budget>[] = [
  {
    name: 'Cap',
    cell: ({ cap_usd: cap, period, at_limit }) =>
      cap === null ? (
        'none'
      ) : (
        <>
          {perPeriod(period)(cap)}
          <Note>then {thenOf(at_limit)}</Note>
        </>
      ),
  },
  { name: 'Stands', cell: (budget) => <Standing budget={budget} /> },
  {
    name: 'Spent',
    isNumber: true,
    cell: ({ period, spent_usd, reserved_usd }) =>
      period === 'hourly' ? (
        usdPerHour(spent_usd)
      ) : (
        <>
          {usd(spent_usd)}
          {reserved_usd > 0 ? <Note>{usd(reserved_usd)} held</Note> : null}
        </>
      ),
  },
  {
    name: 'Left',
    isNumber: true,
    cell: ({ left_usd: left, period }) => (left === null ? 'no limit' : period === 'hourly' ? usdPerHour(left) : usd(left)),
  },
];

function Standing({ budget }: { readonly budget: Budget }) {
  const { tone, words, used } = standingOf(budget);
  return (
    <>
      <Badge tone={tone}>{words}</Badge>
      {used ? (
        <Share
          label={`${share(used.spent)} spent, ${share(used.held)} held back`}
          tone={tone}
          used={used.spent}
          held={used.held}
        />
      ) : null}
    </>
  );
}

function doings(actions: BudgetActions, about: (budget: Budget) => string): Column<Budget> {
  return {
    name: '',
    cell: (budget) => {
      const set = budget.cap_usd !== null;
      const which = about(budget);
      return (
        <Row>
          <Button small aria-label={`${set ? 'Change' : 'Set a cap'}: ${which}`} onClick={() => actions.change(budget)}>
            {set ? 'Change' : 'Set a cap'}
          </Button>
          {set ? (
            <Button small kind="dangerPlain" aria-label={`Remove: ${which}`} onClick={() => actions.remove(budget)}>
              Remove
            </Button>
          ) : null}
        </Row>
      );
    },
  };
}

/** What a button says of its line, for who hears the buttons alone. */
export function subject({ instance_id: id, period }: Budget, nameOf: Props['nameOf']): string {
  return `${period} cap of ${id === null ? 'all that you rent' : (nameOf(id) ?? shortId(id))}`;
}
