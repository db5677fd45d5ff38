import { useId } from 'react';
import { Button } from '@/design/Button';
import { Dialog } from '@/design/Dialog';
import { Check, Form, Group, Select, TextField } from '@/design/Form';
import { Notice } from '@/design/Notice';
import { Command } from '@/design/Values';
import { Trouble } from '@/parts/Trouble';
import { apiKeyIn, LIVES, SCOPES } from './apiKey';
import { useMakeApiKey } from './queries';

/** Asks what a key may do and how long; then shows it, this once. */
export function NewApiKeyDialog({ onClose }: { readonly onClose: () => void }) {
  const form = useId();
  const make = useMakeApiKey();
  if (make.data) {
    return (
      <Dialog title={`The key ${make.data.name}`} onClose={onClose} cancel="Done" actions={null}>
        <Notice tone="warn">It is shown this once. Copy it now; nobody can read it again.</Notice>
        <Command name="the API key" text={make.data.key} />
      </Dialog>
    );
  }
  return (
    <Dialog
      title="A key for a program"
      onClose={onClose}
      actions={
        <Button kind="primary" type="submit" form={form} busy={make.isPending}>
          Make the key
        </Button>
      }
    >
      <Form id={form} name="API key" onSubmit={(fields) => make.mutate(apiKeyIn(fields, new Date()))}>
        <TextField label="Name" name="name" maxLength={100} required placeholder="nightly build" />
        <Group legend="It may">
          {SCOPES.map(({ value, name }) => (
            <Check key={value} name={value} label={name} defaultChecked={value === 'read'} />
          ))}
        </Group>
        <Select label="It lasts" name="days" choices={LIVES} defaultValue="90" />
        <Trouble error={make.error} />
      </Form>
    </Dialog>
  );
}
