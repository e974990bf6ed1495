import { Anchor, Button, PasswordInput, Stack, Text, Title } from '@mantine/core';
import type { StrataError } from '@strata/fl-core/protocol';
import { useState } from 'react';
import { ErrorNotice } from '../../shared/components/ErrorNotice.tsx';
import { NameInput } from './fields.tsx';
import { logIn } from './session.ts';
import { useSubmit } from './use-submit.ts';

/** By name and password, or with the token of a program. @param refused why the token of the address did not help. */
export function LogInForm({ refused }: { refused: StrataError | null }) {
  const [by, setBy] = useState<'password' | 'token'>('password');
  const [name, setName] = useState('');
  const [secret, setSecret] = useState('');
  const { busy, error, submit } = useSubmit(() =>
    logIn(by === 'password' ? { name, password: secret } : { token: secret.trim() }),
  );
  const shown = error ?? refused;
  const turn = () => {
    setBy(by === 'password' ? 'token' : 'password');
    setSecret('');
  };
  return (
    <Stack component="form" onSubmit={submit} maw={420} mx="auto" py="10vh" gap="md" data-testid="log-in">
      <Title order={1}>Log in</Title>
      {shown !== null && <ErrorNotice error={shown} />}
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
