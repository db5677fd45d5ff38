import { Button } from '@/design/Button';
import { FieldGrid, Group, Select, TextField } from '@/design/Form';
import { Note } from '@/design/Layout';
import { ownZone } from './draft';
import { BY_CRON, DAYS_OR_CRON, newTurn, type Turn } from './turns';

interface Props {
  readonly turns: readonly Turn[];
  readonly zones: string;
  readonly onChange: (turns: readonly Turn[]) => void;
}

const MOST = 20;
const ACTIONS = [
  { value: 'sleep', name: 'Sleep' },
  { value: 'wake', name: 'Wake' },
] as const;

/** Set moments at which it sleeps or wakes, whatever it does. */
export function TurnFields({ turns, zones, onChange }: Props) {
  const change = (at: number, more: Partial<Turn>) =>
    onChange(turns.map((turn, index) => (index === at ? { ...turn, ...more } : turn)));
  return (
    <Group legend="At set times">
      <Note>They hold whether or not it is idle; a keep-alive is waited for.</Note>
      {turns.map((turn, index) => (
        <Group key={index} legend={`Set time ${index + 1}`} isInner>
          <FieldGrid>
            <Select
              label="It is to"
              choices={ACTIONS}
              value={turn.action}
              onChange={(event) => change(index, { action: event.target.value === 'wake' ? 'wake' : 'sleep' })}
            />
            <Select
              label="On"
              choices={DAYS_OR_CRON}
              value={turn.days}
              onChange={(event) => change(index, { days: event.target.value })}
            />
            {turn.days === BY_CRON ? (
              <TextField
                label="Cron line"
                required
                minLength={9}
                maxLength={120}
                placeholder="0 22 * * mon-fri"
                value={turn.cron}
                onChange={(event) => change(index, { cron: event.target.value })}
              />
            ) : (
              <TextField
                label="At"
                type="time"
                required
                value={turn.time}
                onChange={(event) => change(index, { time: event.target.value })}
              />
            )}
            <TextField
              label="By the clock of"
              required
              list={zones}
              maxLength={64}
              value={turn.zone}
              onChange={(event) => change(index, { zone: event.target.value })}
            />
          </FieldGrid>
          <Button
            small
            kind="dangerPlain"
            aria-label={`Remove set time ${index + 1}`}
            onClick={() => onChange(turns.filter((_, other) => other !== index))}
          >
            Remove
          </Button>
        </Group>
      ))}
      {turns.length < MOST ? (
        <Button small onClick={() => onChange([...turns, newTurn(ownZone())])}>
          Add a set time
        </Button>
      ) : null}
    </Group>
  );
}
