import { ActionIcon, Button, Group, Menu, Modal, Stack, Table, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import type { AccountCommand, AccountView, Role } from '@strata/fl-core/protocol';
import { IconDots, IconKey, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { Columns } from '../../shared/components/Columns.tsx';
import { ErrorNotice } from '../../shared/components/ErrorNotice.tsx';
import { notifyError } from '../../shared/components/notify-error.ts';
import { Panel } from '../../shared/components/Panel.tsx';
import { useLoaded } from '../../shared/hooks/useLoaded.ts';
import { NameInput, NewPasswordInput } from '../session/fields.tsx';
import { isName, isPassword, nameHint, passwordHint } from '../session/rules.ts';
import { changeAccount, createAccount, listAccounts, useLookAgain, useSession } from '../session/session.ts';
import { useSubmit } from '../session/use-submit.ts';
import { day } from './day.ts';
import { RoleSelect } from './RoleSelect.tsx';

/** Who has an account, for owners. */
export function AccountsPanel() {
  const accounts = useLoaded(['accounts'], listAccounts);
  useLookAgain(accounts.kind === 'failed' ? accounts.error : null);
  return (
    <Panel title="Accounts" testId="accounts" flush fill>
      {accounts.kind === 'failed' && <ErrorNotice error={accounts.error} onRetry={accounts.reload} />}
      {accounts.kind === 'ready' && (
        <Table miw={560} verticalSpacing="xs" horizontalSpacing="md">
          <Columns names={['Name', 'Role', 'Since']} actions />
          <Table.Tbody>
            {accounts.value.map((account) => (
              <Row key={account.name} account={account} onChanged={accounts.reload} />
            ))}
          </Table.Tbody>
        </Table>
      )}
      <NewAccount onMade={accounts.reload} />
    </Panel>
  );
}

function Row({ account, onChanged }: { account: AccountView; onChanged: () => void }) {
  const { name, role, createdAt, createdBy } = account;
  const own = useSession()?.name === name;
  const [asking, ask] = useState<'nothing' | 'remove' | 'password'>('nothing');
  const command = (body: AccountCommand) => changeAccount(name, body).then(onChanged);
  return (
    <Table.Tr data-account={name}>
      <Table.Td>
        <Text size="sm" fw={550}>
          {name}
          {own && ' (you)'}
        </Text>
      </Table.Td>
      <Table.Td>
        <RoleSelect
          size="xs"
          aria-label={`Role of ${name}`}
          value={role}
          onPick={(picked) => void command({ want: 'role', role: picked }).catch(notifyError)}
        />
      </Table.Td>
      <Table.Td>
        <Text size="sm">{day(createdAt)}</Text>
        {createdBy !== '' && (
          <Text size="xs" c="dimmed">
            by {createdBy}
          </Text>
        )}
      </Table.Td>
      <Table.Td w={36}>
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" aria-label={`Actions on ${name}`}>
              <IconDots size={16} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconKey size={16} />} onClick={() => ask('password')}>
              Give another password
            </Menu.Item>
            <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={() => ask('remove')}>
              Remove
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
        <OtherPassword
          name={name}
          opened={asking === 'password'}
          onClose={() => ask('nothing')}
          onSend={(password) => command({ want: 'password', password })}
        />
        <Modal opened={asking === 'remove'} onClose={() => ask('nothing')} title={`Remove ${name}?`}>
          <Text size="sm">
            Its pages are logged out and its tokens are good for nothing, at once. What it did stays on
            record.
          </Text>
          <Group justify="end" mt="lg" gap="xs">
            <Button variant="default" onClick={() => ask('nothing')} data-autofocus>
              Keep it
            </Button>
            <Button
              color="red"
              onClick={() => {
                ask('nothing');
                command({ want: 'remove' }).catch(notifyError);
              }}
            >
              Remove the account
            </Button>
          </Group>
        </Modal>
      </Table.Td>
    </Table.Tr>
  );
}

interface OtherPasswordProps {
  readonly name: string;
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly onSend: (password: string) => Promise<void>;
}

function OtherPassword({ name, opened, onClose, onSend }: OtherPasswordProps) {
  const [password, setPassword] = useState('');
  const { busy, error, submit } = useSubmit(async () => {
    await onSend(password);
    setPassword('');
    onClose();
    notifications.show({ message: `${name} logs in by the new password from now on.` });
  });
  return (
    <Modal opened={opened} onClose={onClose} title={`Another password for ${name}`}>
      <Stack component="form" onSubmit={submit} gap="sm">
        {error !== null && <ErrorNotice error={error} />}
        <NewPasswordInput label="New password" data-autofocus value={password} onType={setPassword} />
        <Button type="submit" loading={busy} disabled={!isPassword(password)}>
          Set the password
        </Button>
      </Stack>
    </Modal>
  );
}

function NewAccount({ onMade }: { onMade: () => void }) {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [role, setRole] = useState<Role>('operator');
  const { busy, error, submit } = useSubmit(async () => {
    await createAccount({ name, role, password });
    setName('');
    setPassword('');
    onMade();
  });
  return (
    <Stack component="form" onSubmit={submit} gap="sm" p="md" maw={420} data-testid="new-account">
      <Text fw={600} size="sm">
        New account
      </Text>
      {error !== null && <ErrorNotice error={error} />}
      <NameInput description={nameHint} autoComplete="off" value={name} onType={setName} />
      <RoleSelect label="Role" value={role} onPick={setRole} />
      <NewPasswordInput
        label="First password"
        description={`${passwordHint} Its person can change it.`}
        value={password}
        onType={setPassword}
      />
      <Group>
        <Button
          type="submit"
          variant="default"
          loading={busy}
          disabled={!isName(name) || !isPassword(password)}
        >
          Create the account
        </Button>
      </Group>
    </Stack>
  );
}
