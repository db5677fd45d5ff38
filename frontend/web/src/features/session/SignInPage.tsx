import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useSyncExternalStore } from 'react';
import { Button } from '@/design/Button';
import { Form, TextField } from '@/design/Form';
import { Notice } from '@/design/Notice';
import { useConnection } from '@/parts/connection';
import { Trouble } from '@/parts/Trouble';
import { Gate } from './Gate';
import { useSignIn } from './queries';

const route = getRouteApi('/sign-in');

export function SignInPage() {
  const { session } = useConnection();
  const { notice } = useSyncExternalStore(session.subscribe, session.view);
  const { from } = route.useSearch();
  const navigate = useNavigate();
  const signIn = useSignIn();
  const submit = (fields: FormData) => {
    const body = { email: textOf(fields, 'email'), password: textOf(fields, 'password') };
    signIn.mutate(body, { onSuccess: () => void navigate({ href: from ?? '/' }) });
  };
  return (
    <Gate title="Sign in">
      {notice ? <Notice tone="warn">{notice}</Notice> : null}
      <Form name="Sign in" onSubmit={submit}>
        <TextField label="E-mail" name="email" type="email" autoComplete="username" required />
        <TextField label="Password" name="password" type="password" autoComplete="current-password" required />
        <Trouble error={signIn.error} />
        <Button type="submit" kind="primary" busy={signIn.isPending}>
          Sign in
        </Button>
      </Form>
      <p>
        No account yet? <Link to="/register">Register</Link>
      </p>
    </Gate>
  );
}

function textOf(fields: FormData, name: string): string {
  const value = fields.get(name);
  return typeof value === 'string' ? value : '';
}
