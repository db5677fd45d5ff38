import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from '@/design/Button';
import { FieldGrid, Form, TextField } from '@/design/Form';
import { Card, Facts, Note, Row } from '@/design/Layout';
import { Notice } from '@/design/Notice';
import { At, Command } from '@/design/Values';
import { useConnection } from '@/parts/connection';
import { Loaded } from '@/parts/Loaded';
import { Trouble } from '@/parts/Trouble';
import { meQuery, useChangePassword } from './queries';

/** Who one is. */
export function ProfileCard() {
  const me = useQuery(meQuery(useConnection().api));
  return (
    <Card title="You">
      <Loaded query={me} what="who you are">
        {(user) => (
          <Facts
            facts={[
              { name: 'E-mail', value: user.email },
              { name: 'Since', value: <At at={user.created_at} /> },
              { name: 'Id', value: <Command name="your id" text={user.id} /> },
            ]}
          />
        )}
      </Loaded>
    </Card>
  );
}

export function PasswordCard() {
  const change = useChangePassword();
  const [round, setRound] = useState(0);
  const [isDifferent, setDifferent] = useState(false);
  const submit = (fields: FormData) => {
    const [now, next, again] = ['current', 'next', 'again'].map((name) => fields.get(name));
    setDifferent(next !== again);
    if (typeof now !== 'string' || typeof next !== 'string' || next !== again) return;
    change.mutate(
      { current_password: now, new_password: next },
      { onSuccess: () => setRound(round + 1) },
    );
  };
  return (
    <Card title="Password">
      {/* Another key empties the fields. */}
      <Form key={round} name="Password" onSubmit={submit}>
        <FieldGrid>
          <TextField label="Password of today" name="current" type="password" autoComplete="current-password" required />
          <TextField
            label="New password"
            name="next"
            type="password"
            autoComplete="new-password"
            minLength={12}
            maxLength={128}
            hint="12 to 128 characters."
            required
          />
          <TextField
            label="New password again"
            name="again"
            type="password"
            autoComplete="new-password"
            error={isDifferent ? 'This is not the same.' : undefined}
            required
          />
        </FieldGrid>
        <Trouble error={change.error} />
        {change.isSuccess ? <Notice tone="busy">Your password is changed. Your other logins have ended.</Notice> : null}
        <Row>
          <Button type="submit" busy={change.isPending}>
            Change the password
          </Button>
        </Row>
      </Form>
      <Note>Your other logins end with it; API keys go on.</Note>
    </Card>
  );
}
