import { useId } from 'react';
import { FieldGrid, TextField } from '@/design/Form';
import { Radios } from '@/design/Radios';
import type { Draft, IdleRule } from './draft';
import { QuietFields } from './QuietFields';
import { TurnFields } from './TurnFields';
import { ZoneList } from './ZoneList';

interface Props {
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
}

const RULES: readonly { readonly value: IdleRule; readonly name: string; readonly hint: string }[] = [
  {
    value: 'adaptive',
    name: 'When waiting no longer pays',
    hint: 'It learns from its own times of rest, and never waits for more than a wake is worth.',
  },
  { value: 'fixed', name: 'After fixed minutes', hint: 'The same wait each time.' },
  { value: 'never', name: 'Never for being idle', hint: 'Set times below still hold.' },
];

/** The fields of a sleep policy, of one workspace or of those to come. */
export function PolicyFields({ draft, onChange }: Props) {
  const zones = useId();
  const set = (more: Partial<Draft>) => onChange({ ...draft, ...more });
  return (
    <>
      <Radios
        legend="When it is idle, it sleeps"
        choices={RULES}
        value={draft.rule}
        onChange={(rule) => set({ rule })}
      />
      {draft.rule === 'never' ? null : (
        <FieldGrid>
          {draft.rule === 'fixed' ? (
            <TextField
              label="Idle for, minutes"
              type="number"
              min={0.04}
              max={1440}
              step="any"
              required
              value={draft.idleMinutes}
              onChange={(event) => set({ idleMinutes: event.target.value })}
            />
          ) : null}
          <TextField
            label="Idle is a GPU below, %"
            type="number"
            min={0.1}
            max={100}
            step="any"
            required
            value={draft.gpuThreshold}
            onChange={(event) => set({ gpuThreshold: event.target.value })}
          />
          <TextField
            label="Not before it ran for, seconds"
            type="number"
            min={0}
            max={86_400}
            step="any"
            required
            value={draft.minimumRunS}
            onChange={(event) => set({ minimumRunS: event.target.value })}
          />
        </FieldGrid>
      )}
      <TurnFields turns={draft.turns} zones={zones} onChange={(turns) => set({ turns })} />
      <QuietFields quiet={draft.quiet} zones={zones} onChange={(quiet) => set({ quiet })} />
      <ZoneList id={zones} />
    </>
  );
}
