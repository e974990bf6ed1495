import { Button, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { type FormEvent, type ReactNode, useCallback, useState } from 'react';
import { operatorToken, rememberToken, takeTokenFromAddress } from '../shared/api/token.ts';
import { PageFrame } from '../shared/components/PageFrame.tsx';
import { ForgetTokenContext } from './forget-token.ts';

/** Asks for the operator's token unless the tab has one; `npm start` prints an address that carries it. */
export function TokenGate({ children }: { children: ReactNode }) {
  const [token, setToken] = useState<'known' | 'missing' | 'refused'>(() => {
    takeTokenFromAddress();
    return operatorToken() === null ? 'missing' : 'known';
  });
  const [text, setText] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() === '') return;
    rememberToken(text.trim());
    setToken('known');
  };
  const refused = useCallback(() => setToken('refused'), []);
  if (token === 'known') return <ForgetTokenContext value={refused}>{children}</ForgetTokenContext>;
  return (
    <PageFrame home="/operator" narrow>
      <Stack component="form" onSubmit={submit} maw={420} mx="auto" py="12vh" gap="md">
        <Title order={1}>Operator access</Title>
        <Text c="dimmed">
          Open the operator’s address that <b>npm start</b> printed, or paste the token from its end.
        </Text>
        <PasswordInput
          label="Token"
          error={
            token === 'refused' && 'The server does not accept this token: npm start prints the valid one.'
          }
          autoComplete="off"
          data-autofocus
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button type="submit" disabled={text.trim() === ''}>
          Continue
        </Button>
      </Stack>
    </PageFrame>
  );
}
