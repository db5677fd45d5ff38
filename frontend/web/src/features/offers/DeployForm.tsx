import { Button } from '@/design/Button';
import { Check, FieldGrid, Form, Select, TextArea, TextField } from '@/design/Form';
import { usdPerHour } from '@/format/money';
import { Trouble } from '@/parts/Trouble';
import type { Filter } from './filter';
import { DEFAULT_DISK_GB } from './order';

interface Props {
  readonly filter: Filter;
  readonly isRace: boolean;
  readonly leastBid: number | null;
  readonly isPending: boolean;
  readonly error: unknown;
  readonly onOrder: (fields: FormData) => void;
}

const STARTS = [
  { value: 'odds', name: 'As they pay off' },
  { value: 'together', name: 'All together' },
] as const;

export function DeployForm({ filter, isRace, leastBid, isPending, error, onOrder }: Props) {
  return (
    <Form name="Deploy" onSubmit={onOrder}>
      <FieldGrid>
        <TextField label="Label" name="label" maxLength={128} placeholder="training" />
        <TextField label="Image" name="image" maxLength={512} placeholder="pytorch/pytorch:latest" />
        <TextField
          label="Disk, GB"
          name="disk_gb"
          type="number"
          min={10}
          max={100_000}
          required
          defaultValue={filter.min_disk_gb ?? DEFAULT_DISK_GB}
        />
        <TextField label="Ports" name="ports" defaultValue="8080" hint="Numbers, with commas." />
        {isRace ? <RaceFields /> : null}
        {filter.machine_type === 'interruptible' ? <BidField least={leastBid} /> : null}
        <TextField
          label="Monthly cap, USD"
          name="monthly_cap"
          type="number"
          min={0}
          step="any"
          placeholder="none"
          hint="At the cap it is put to sleep."
        />
      </FieldGrid>
      <TextArea
        label="SSH public key"
        name="ssh_public_key"
        maxLength={4096}
        rows={2}
        spellCheck={false}
        placeholder="ssh-ed25519 AAAA… you@laptop"
        hint="Left empty, the one of your settings goes with it; without either nobody can log in."
      />
      <TextArea
        label="Runs at the start"
        name="onstart"
        rows={2}
        spellCheck={false}
        placeholder="pip install -r requirements.txt"
        hint="Shell lines, in the workspace."
      />
      <Check label="Sleeps when it is idle" name="sleeps" defaultChecked />
      <FieldGrid>
        <TextField
          label="Idle for, minutes"
          name="idle_minutes"
          type="number"
          min={0.1}
          max={1440}
          step="any"
          placeholder="3"
        />
      </FieldGrid>
      <Trouble error={error} />
      <Button type="submit" kind="primary" busy={isPending}>
        {isRace ? 'Start the race' : 'Rent this machine'}
      </Button>
    </Form>
  );
}

function RaceFields() {
  return (
    <>
      <TextField label="Machines at most" name="width" type="number" min={1} max={5} placeholder="5" />
      <Select label="They start" name="start" choices={STARTS} />
    </>
  );
}

function BidField({ least }: { readonly least: number | null }) {
  return (
    <TextField
      label="Bid, USD per hour"
      name="bid"
      type="number"
      min={0.001}
      step="any"
      required
      defaultValue={least ?? undefined}
      hint={least === null ? 'An interruptible machine needs one.' : `The least is ${usdPerHour(least)}.`}
    />
  );
}
