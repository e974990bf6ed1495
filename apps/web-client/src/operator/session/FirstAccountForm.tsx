import { Button, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { ErrorNotice } from '../../shared/components/ErrorNotice.tsx';
import { NameInput, NewPasswordInput } from './fields.tsx';
import { isName, isPassword, nameHint } from './rules.ts';
import { makeFirstAccount } from './session.ts';
import { tokenInAddress } from './token-in-address.ts';
import { useSubmit } from './use-submit.ts';

/** On a new server: who opens the address that `npm start` printed becomes its owner. */
export function FirstAccountForm() {
  const [given] = useState(tokenInAddress);
  const [pasted, setPasted] = useState('');
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const token = given ?? pasted.trim();
  const { busy, error, submit } = useSubmit(() => makeFirstAccount({ token, name, password }));
  return (
    <Stack
      component="form"
      onSubmit={submit}
      maw={420}
      mx="auto"
      py="8vh"
      gap="md"
      data-testid="first-account"
    >
      <div>
        <Title order={1}>Welcome to Strata</Title>
        <Text c="dimmed" mt="xs">
          Choose what you log in by. You will be the owner of this server, and can give others accounts of
          their own.
        </Text>
      </div>
      {error !== null && <ErrorNotice error={error} />}
      {given === null && (
        <PasswordInput
          label="Token of the printed address"
          description="npm start printed an address for the operator: open that, or paste what stands behind its token=."
          autoComplete="off"
          value={pasted}
          onChange={(event) => setPasted(event.currentTarget.value)}
        />
      )}
      <NameInput description={nameHint} data-autofocus value={name} onType={setName} />
      <NewPasswordInput label="Password" value={password} onType={setPassword} />
      <Button type="submit" loading={busy} disabled={token === '' || !isName(name) || !isPassword(password)}>
        Create the account
      </Button>
    </Stack>
  );
}
