import type { Instance } from '@/api/contract';
import { Button } from '@/design/Button';
import { FieldGrid, Form, TextField } from '@/design/Form';
import { Card, Note, Row } from '@/design/Layout';
import { At } from '@/design/Values';
import { Trouble } from '@/parts/Trouble';
import { useKeepAwake } from './orders';

/** A promise that somebody uses it, for as long as is said. */
export function KeepAwakeCard({ instance }: { readonly instance: Instance }) {
  const awake = useKeepAwake(instance.id);
  const { keep_alive_until: until } = instance;
  return (
    <Card title="Keep awake" aside={until ? <>until <At at={until} /></> : 'nobody keeps it awake'}>
      <Form
        name="Keep awake"
        onSubmit={(fields) => awake.mutate(Number(fields.get('minutes')))}
      >
        <FieldGrid>
          <TextField
            label="For, minutes"
            name="minutes"
            type="number"
            min={1}
            max={10_080}
            step="any"
            required
            defaultValue={30}
          />
        </FieldGrid>
        <Trouble error={awake.error} />
        <Row>
          <Button type="submit" busy={awake.isPending}>
            {until ? 'Keep awake from now on' : 'Keep awake'}
          </Button>
        </Row>
      </Form>
      <Note>Until then it is never judged idle. A cap that puts to sleep wins over it.</Note>
    </Card>
  );
}
