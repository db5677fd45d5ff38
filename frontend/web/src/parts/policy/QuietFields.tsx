import { Button } from '@/design/Button';
import { FieldGrid, Group, TextField } from '@/design/Form';
import { Note } from '@/design/Layout';
import { ownZone, type QuietDraft } from './draft';

interface Props {
  readonly quiet: readonly QuietDraft[];
  readonly zones: string;
  readonly onChange: (quiet: readonly QuietDraft[]) => void;
}

const MOST = 10;

/** Hours in which idleness puts nothing to sleep. */
export function QuietFields({ quiet, zones, onChange }: Props) {
  const change = (at: number, more: Partial<QuietDraft>) =>
    onChange(quiet.map((each, index) => (index === at ? { ...each, ...more } : each)));
  return (
    <Group legend="Quiet hours">
      <Note>Within them idleness puts nothing to sleep; they may pass midnight.</Note>
      {quiet.map((each, index) => (
        <Group key={index} legend={`Quiet hours ${index + 1}`} isInner>
          <FieldGrid>
            <TextField
              label="From"
              type="time"
              required
              value={each.begins}
              onChange={(event) => change(index, { begins: event.target.value })}
            />
            <TextField
              label="To"
              type="time"
              required
              value={each.ends}
              onChange={(event) => change(index, { ends: event.target.value })}
            />
            <TextField
              label="By the clock of"
              required
              list={zones}
              maxLength={64}
              value={each.zone}
              onChange={(event) => change(index, { zone: event.target.value })}
            />
          </FieldGrid>
          <Button
            small
            kind="dangerPlain"
            aria-label={`Remove quiet hours ${index + 1}`}
            onClick={() => onChange(quiet.filter((_, other) => other !== index))}
          >
            Remove
          </Button>
        </Group>
      ))}
      {quiet.length < MOST ? (
        <Button small onClick={() => onChange([...quiet, { begins: '09:00', ends: '18:00', zone: ownZone() }])}>
          Add quiet hours
        </Button>
      ) : null}
    </Group>
  );
}
