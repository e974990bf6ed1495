import { ActionIcon, Menu } from '@mantine/core';
import { IconKey, IconLogout, IconUser } from '@tabler/icons-react';
import { Link } from 'wouter';
import { notifyError } from '../../shared/components/notify-error.ts';
import { logOut, useSession } from './session.ts';

/** Who is logged in, and the ways to their account and out. */
export function SessionMenu() {
  const session = useSession();
  if (session === null) return null;
  const { name, role } = session;
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <ActionIcon
          size="lg"
          variant="subtle"
          color="gray"
          aria-label={`Logged in as ${name}, ${role}`}
          data-testid="session-menu"
        >
          <IconUser size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {name}, {role}
        </Menu.Label>
        <Menu.Item component={Link} href="/operator/access" leftSection={<IconKey size={16} />}>
          Access
          <br />
          <small>Password, tokens{role === 'owner' ? ', accounts' : ''}</small>
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void logOut().catch(notifyError)}>
          Log out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
