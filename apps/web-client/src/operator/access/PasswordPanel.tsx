import { Button, Group, PasswordInput, Stack } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { ErrorNotice } from '../../shared/components/ErrorNotice.tsx';
import { Panel } from '../../shared/components/Panel.tsx';
import { NewPasswordInput } from '../session/fields.tsx';
import { isPassword } from '../session/rules.ts';
import { changePassword } from '../session/session.ts';
import { useSubmit } from '../session/use-submit.ts';

/** One's own password. */
export function PasswordPanel() {
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const { busy, error, submit } = useSubmit(async () => {
    await changePassword({ current, password });
    setCurrent('');
    setPassword('');
    notifications.show({ message: 'The password is changed; other pages of yours are logged out.' });
  });
  return (
    <Panel title="Your password" testId="own-password">
      <Stack component="form" onSubmit={submit} gap="sm" maw={420}>
        {error !== null && <ErrorNotice error={error} />}
        <PasswordInput
          label="Present password"
          autoComplete="current-password"
          value={current}
          onChange={(event) => setCurrent(event.currentTarget.value)}
        />
        <NewPasswordInput label="New password" value={password} onType={setPassword} />
        <Group>
          <Button
            type="submit"
            variant="default"
            loading={busy}
            disabled={current === '' || !isPassword(password)}
          >
            Change the password
          </Button>
        </Group>
      </Stack>
    </Panel>
  );
}
