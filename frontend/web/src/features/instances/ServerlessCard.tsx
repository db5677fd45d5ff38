import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Instance, ServerlessMode, ServerlessState } from '@/api/contract';
import { Badge } from '@/design/Badge';
import { Button } from '@/design/Button';
import { Check, FieldGrid, Form, TextField } from '@/design/Form';
import { Card, Facts, Note, Row } from '@/design/Layout';
import { Radios } from '@/design/Radios';
import { amount } from '@/format/size';
import { useConnection } from '@/parts/connection';
import { Loaded } from '@/parts/Loaded';
import { Trouble } from '@/parts/Trouble';
import { modesQuery, serverlessQuery, useServerless } from './sleep';
import { MODE_NAMES, serverlessBody, serverlessDraft, wakeTimeWords, type ServerlessDraft } from './serverless';

/** Asleep when nobody asks, awake when somebody does: its switch and its three modes. */
export function ServerlessCard({ instance }: { readonly instance: Instance }) {
  const { api, isDemo } = useConnection();
  const own = useQuery(serverlessQuery(api, instance.id, instance.state));
  const modes = useQuery(modesQuery(api));
  const rules = own.data?.serverless;
  return (
    <Card
      title="Serverless"
      aside={own.data ? <Badge tone={rules ? 'good' : 'still'}>{rules ? MODE_NAMES[rules.mode] : 'off'}</Badge> : null}
    >
      <Loaded query={own} what="whether it is serverless">
        {(status) => (
          <>
            <Standing status={status} />
            {isDemo ? null : (
              <Loaded query={modes} what="the modes">
                {({ modes: known }) => (
                  <Switch instanceId={instance.id} status={status} modes={known} />
                )}
              </Loaded>
            )}
          </>
        )}
      </Loaded>
    </Card>
  );
}

function Standing({ status }: { readonly status: ServerlessState }) {
  const { serverless: rules, open_leases: leases } = status;
  if (!rules) return <Note>It sleeps by its own policy, and wakes when you order it.</Note>;
  const { idle_timeout_seconds: idle } = rules;
  return (
    <>
      <Facts
        facts={[
          { name: 'Sleeps', value: idle === 'adaptive' ? 'as its own policy decides' : `after ${amount(idle, 's')} of quiet` },
          { name: 'In use by', value: leases === 0 ? 'nobody' : `${leases} inferences` },
          { name: 'Stands by', value: status.stands_by ? 'yes, its machine is kept, stopped' : 'no' },
        ]}
      />
      <Note>
        {wakeTimeWords(status.wake_times)} Its own policy waits until serverless is off.
      </Note>
    </>
  );
}

interface SwitchProps {
  readonly instanceId: string;
  readonly status: ServerlessState;
  readonly modes: readonly ServerlessMode[];
}

function Switch({ instanceId, status, modes }: SwitchProps) {
  const [begun, setDraft] = useState<ServerlessDraft | null>(null);
  const draft = begun ?? serverlessDraft(status.serverless);
  const order = useServerless(instanceId);
  const settled = { onSuccess: () => setDraft(null) };
  const isOn = Boolean(status.serverless);
  return (
    <Form name="Serverless" onSubmit={() => order.mutate(serverlessBody(draft), settled)}>
      <Radios
        legend="How it rests and wakes"
        choices={modes.map((each) => ({ value: each.mode, name: MODE_NAMES[each.mode], hint: <ModeHint mode={each} /> }))}
        value={draft.mode}
        onChange={(mode) => setDraft({ ...draft, mode })}
      />
      <Check
        label="How long it waits is left to its own policy"
        checked={draft.isAdaptive}
        onChange={(event) => setDraft({ ...draft, isAdaptive: event.target.checked })}
      />
      <FieldGrid>
        {draft.isAdaptive ? null : (
          <TextField
            label="Quiet for, seconds"
            type="number"
            min={2}
            max={3600}
            required
            value={draft.idleSeconds}
            onChange={(event) => setDraft({ ...draft, idleSeconds: event.target.value })}
          />
        )}
        <TextField
          label="Quiet is a GPU below, %"
          type="number"
          min={0.1}
          max={100}
          step="any"
          required
          value={draft.gpuThreshold}
          onChange={(event) => setDraft({ ...draft, gpuThreshold: event.target.value })}
        />
      </FieldGrid>
      <Trouble error={order.error} />
      <Row>
        <Button type="submit" kind={isOn ? 'plain' : 'primary'} busy={order.isPending}>
          {isOn ? 'Change its rules' : 'Switch serverless on'}
        </Button>
        {isOn ? (
          <Button kind="dangerPlain" busy={order.isPending} onClick={() => order.mutate(null, settled)}>
            Switch serverless off
          </Button>
        ) : null}
      </Row>
      {isOn ? <Note>Switched off it wakes first, and is paid for until it sleeps again.</Note> : null}
    </Form>
  );
}

function ModeHint({ mode }: { readonly mode: ServerlessMode }) {
  return (
    <>
      <p>Rests: {mode.sleeps}</p>
      <p>Wakes: {mode.wakes}</p>
      <p>{mode.limits}</p>
      <p>{wakeTimeWords(mode.wake_times)}</p>
    </>
  );
}
