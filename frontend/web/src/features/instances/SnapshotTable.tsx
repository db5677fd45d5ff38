import type { Snapshot } from '@/api/contract';
import { Badge, type Tone } from '@/design/Badge';
import { Button } from '@/design/Button';
import { Note, Row } from '@/design/Layout';
import { Table, type Column } from '@/design/Table';
import { At, Known, Since } from '@/design/Values';
import { amount, bytes } from '@/format/size';
import { shortId } from '@/parts/states';

export interface SnapshotActions {
  readonly keep: (id: string) => void;
  readonly remove: (id: string) => void;
  readonly wakeFrom: (id: string) => void;
  readonly restoreElsewhere: (id: string) => void;
}

interface Props {
  readonly snapshots: readonly Snapshot[];
  readonly head: string | null;
  readonly mayWake: boolean;
  readonly actions: SnapshotActions | null;
}

const TONES: Readonly<Record<string, Tone>> = {
  open: 'busy',
  uploaded: 'busy',
  verifying: 'busy',
  verified: 'good',
  acked: 'good',
  branch: 'warn',
  abandoned: 'bad',
};

// What an owner may call it; the protocol's own words are for programs.
const WORDS: Readonly<Record<string, string>> = { acked: 'verified' };

export function SnapshotTable({ snapshots, head, mayWake, actions }: Props) {
  const columns = actions ? [...looks(head), doings(actions, head, mayWake)] : looks(head);
  return <Table caption="Snapshots" columns={columns} rows={snapshots} rowKey={(each) => each.id} />;
}

function looks(head: string | null): Column<Snapshot>[] {
  return [
    {
      name: 'Taken',
      cell: (each) => (
        <>
          <At at={each.created_at} />
          <Note>
            <code title={each.id}>{shortId(each.id)}</code>
          </Note>
        </>
      ),
    },
    {
      name: 'State',
      cell: (each) => (
        <>
          <Badge tone={TONES[each.state] ?? 'still'}>{WORDS[each.state] ?? each.state}</Badge>
          {each.id === head ? <Note>wakes from this one</Note> : null}
          {each.failure ? <Note>{each.failure}</Note> : null}
          {each.damage ? <Badge tone="bad">damaged</Badge> : null}
          {each.damage ? <Note>{each.damage}</Note> : null}
          {each.torn.length > 0 ? <Note>{each.torn.length} files changed while they were read</Note> : null}
        </>
      ),
    },
    { name: 'Why', cell: (each) => each.reason },
    { name: 'Size', isNumber: true, cell: (each) => <Known value={each.size_bytes} as={bytes} /> },
    { name: 'New', isNumber: true, cell: (each) => <Known value={each.new_bytes} as={bytes} /> },
    {
      name: 'Files',
      isNumber: true,
      cell: (each) => <Known value={each.files} as={(count) => amount(count, 'files')} />,
    },
    {
      name: 'Verified',
      cell: (each) => (each.verified_at ? <Since at={each.verified_at} /> : 'not yet'),
    },
  ];
}

function doings(actions: SnapshotActions, head: string | null, mayWake: boolean): Column<Snapshot> {
  return {
    name: '',
    cell: (each) => {
      if (!each.verified_at) return null;
      const which = `snapshot ${shortId(each.id)}`;
      return (
        <Row>
          {mayWake ? (
            <Button small aria-label={`Wake from it: ${which}`} onClick={() => actions.wakeFrom(each.id)}>
              Wake from it
            </Button>
          ) : null}
          <Button small aria-label={`New workspace from ${which}`} onClick={() => actions.restoreElsewhere(each.id)}>
            New workspace
          </Button>
          {each.keep ? null : (
            <Button small aria-label={`Keep ${which}`} onClick={() => actions.keep(each.id)}>
              Keep
            </Button>
          )}
          {each.id === head ? null : (
            <Button small kind="dangerPlain" aria-label={`Remove ${which}`} onClick={() => actions.remove(each.id)}>
              Remove
            </Button>
          )}
        </Row>
      );
    },
  };
}
