import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Button } from '@/design/Button';
import { Form, TextField } from '@/design/Form';
import { Notice } from '@/design/Notice';
import { Trouble } from '@/parts/Trouble';
import { Gate } from './Gate';
import { useRegister } from './queries';

/** Behind the hash sign of the one-time link, where it reaches no server and no log. */
function setupToken(): string | null {
  return new URLSearchParams(window.location.hash.slice(1)).get('setup_token');
}

export function RegisterPage() {
  const [token] = useState(setupToken);
  const navigate = useNavigate();
  const register = useRegister();
  const submit = (fields: FormData) => {
    const [email, password] = [fields.get('email'), fields.get('password')];
    if (typeof email !== 'string' || typeof password !== 'string') return;
    register.mutate(
      { email, password, setupToken: token },
      { onSuccess: () => void navigate({ to: '/' }) },
    );
  };
  return (
    <Gate title="Register">
      {token ? <Notice tone="busy">You are registering the first user of this deployment.</Notice> : null}
      <Form name="Register" onSubmit={submit}>
        <TextField label="E-mail" name="email" type="email" autoComplete="username" required />
        <TextField
          label="Password"
          name="password"
          type="password"
          autoComplete="new-password"
          minLength={12}
          maxLength={128}
          hint="12 to 128 characters."
          required
        />
        <Trouble error={register.error} />
        <Button type="submit" kind="primary" busy={register.isPending}>
          Register
        </Button>
      </Form>
      <p>
        You have an account? <Link to="/sign-in">Sign in</Link>
      </p>
    </Gate>
  );
}
