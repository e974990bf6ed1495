import { Anchor, Button, Divider, PasswordInput, Stack, Text, Title } from '@mantine/core';
import type { SignIn, StrataError } from '@strata/fl-core/protocol';
import { useEffect, useState } from 'react';
import { ErrorNotice } from '../../shared/components/ErrorNotice.tsx';
import { NameInput } from './fields.tsx';
import { logIn } from './session.ts';
import { forgetSignInProblem, signInProblem } from './sign-in.ts';
import { useSubmit } from './use-submit.ts';

interface LogInFormProps {
  /** Why the token of the address did not help. */
  readonly refused: StrataError | null;
  /** The server's identity provider; null: it has none. */
  readonly signIn: SignIn | null;
}

/** By name and password, with the token of a program, or by the server's identity provider. */
export function LogInForm({ refused, signIn }: LogInFormProps) {
  const [returned] = useState(() => signInProblem(location.search));
  useEffect(forgetSignInProblem, []);
  const [by, setBy] = useState<'password' | 'token'>('password');
  const [name, setName] = useState('');
  const [secret, setSecret] = useState('');
  const { busy, error, submit } = useSubmit(() =>
    logIn(by === 'password' ? { name, password: secret } : { token: secret.trim() }),
  );
  const shown = error ?? refused ?? returned;
  const turn = () => {
    setBy(by === 'password' ? 'token' : 'password');
    setSecret('');
  };
  return (
    <Stack component="form" onSubmit={submit} maw={420} mx="auto" py="10vh" gap="md" data-testid="log-in">
      <Title order={1}>Log in</Title>
      {shown !== null && <ErrorNotice error={shown} />}
      {signIn !== null && (
        <>
          <Button component="a" href={signIn.address} data-testid="sign-in">
            Sign in with {signIn.name}
          </Button>
          <Divider label="or with an account of this server" />
        </>
      )}
      {by === 'password' ? (
        <>
          <NameInput data-autofocus value={name} onType={setName} />
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            value={secret}
            onChange={(event) => setSecret(event.currentTarget.value)}
          />
        </>
      ) : (
        <PasswordInput
          label="Token"
          description="Of a program: made under Access, or OPERATOR_TOKEN of the server."
          autoComplete="off"
          value={secret}
          onChange={(event) => setSecret(event.currentTarget.value)}
        />
      )}
      <Button
        type="submit"
        variant={signIn === null ? 'filled' : 'default'}
        loading={busy}
        disabled={secret.trim() === '' || (by === 'password' && name.trim() === '')}
      >
        Log in
      </Button>
      <Anchor component="button" type="button" size="sm" onClick={turn}>
        {by === 'password' ? 'Log in with a token instead' : 'Log in with a name and a password instead'}
      </Anchor>
      <Text size="sm" c="dimmed">
        To take part in a run you need no account: open the link that you were sent.
      </Text>
    </Stack>
  );
}
