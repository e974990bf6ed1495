import { Alert, Button, Group, NativeSelect, Stack, Table, Text, TextInput } from '@mantine/core';
import type { Role, TokenView } from '@strata/fl-core/protocol';
import { useState } from 'react';
import { Columns } from '../../shared/components/Columns.tsx';
import { ErrorNotice } from '../../shared/components/ErrorNotice.tsx';
import { notifyError } from '../../shared/components/notify-error.ts';
import { Panel } from '../../shared/components/Panel.tsx';
import { useLoaded } from '../../shared/hooks/useLoaded.ts';
import { createToken, listTokens, revokeToken, useLookAgain } from '../session/session.ts';
import { useSubmit } from '../session/use-submit.ts';
import { day } from './day.ts';
import { RoleSelect } from './RoleSelect.tsx';
import { tokenState } from './token-state.ts';

/** Tokens with which programs operate the server. */
export function TokensPanel() {
  const tokens = useLoaded(['tokens'], listTokens);
  useLookAgain(tokens.kind === 'failed' ? tokens.error : null);
  return (
    <Panel
      title="Tokens of programs"
      hint="A program brings its token as “authorization: Bearer TOKEN”, and may what the token’s role may."
      testId="tokens"
      flush
      fill
    >
      {tokens.kind === 'failed' && <ErrorNotice error={tokens.error} onRetry={tokens.reload} />}
      {tokens.kind === 'ready' && tokens.value.length === 0 && (
        <Text size="sm" c="dimmed" p="md">
          There is none.
        </Text>
      )}
      {tokens.kind === 'ready' && tokens.value.length > 0 && (
        <Table miw={560} verticalSpacing="xs" horizontalSpacing="md">
          <Columns names={['Name', 'Role', 'Good', 'Last used']} actions />
          <Table.Tbody>
            {tokens.value.map((token) => (
              <Row key={token.id} token={token} onChanged={tokens.reload} />
            ))}
          </Table.Tbody>
        </Table>
      )}
      <NewToken onMade={tokens.reload} />
    </Panel>
  );
}

function Row({ token, onChanged }: { token: TokenView; onChanged: () => void }) {
  const { id, name, role, by, createdAt, usedAt } = token;
  const { good, text } = tokenState(token, Date.now());
  return (
    <Table.Tr data-token={id}>
      <Table.Td>
        <Text size="sm" fw={550}>
          {name}
        </Text>
        <Text size="xs" c="dimmed">
          by {by}, {day(createdAt)}
        </Text>
      </Table.Td>
      <Table.Td>
        <Text size="sm">{role}</Text>
      </Table.Td>
      <Table.Td>
        <Text size="sm">{text}</Text>
      </Table.Td>
      <Table.Td>
        <Text size="sm">{usedAt === null ? 'never' : day(usedAt)}</Text>
      </Table.Td>
      <Table.Td ta="right">
        {good && (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={`Revoke ${name}`}
            onClick={() => void revokeToken(id).then(onChanged, notifyError)}
          >
            Revoke
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

const lives = [
  { value: '1', label: 'One day' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'A year' },
];

function NewToken({ onMade }: { onMade: () => void }) {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [days, setDays] = useState('30');
  const [secret, setSecret] = useState<string | null>(null);
  const { busy, error, submit } = useSubmit(async () => {
    const made = await createToken({ name, role, days: Number(days) });
    setSecret(made.secret);
    setName('');
    onMade();
  });
  return (
    <Stack component="form" onSubmit={submit} gap="sm" p="md" maw={420} data-testid="new-token">
      <Text fw={600} size="sm">
        New token
      </Text>
      {error !== null && <ErrorNotice error={error} />}
      {secret !== null && (
        <Alert color="ochre" variant="light" title="Copy the token now: it is shown this once" role="status">
          <TextInput
            readOnly
            value={secret}
            aria-label="The new token"
            data-testid="token-secret"
            onFocus={(event) => event.currentTarget.select()}
          />
        </Alert>
      )}
      <TextInput
        label="What it is for"
        autoComplete="off"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <RoleSelect label="Role" value={role} onPick={setRole} />
      <NativeSelect
        label="Good for"
        data={lives}
        value={days}
        onChange={(event) => setDays(event.currentTarget.value)}
      />
      <Group>
        <Button type="submit" variant="default" loading={busy} disabled={name.trim() === ''}>
          Create the token
        </Button>
      </Group>
    </Stack>
  );
}
