import { ActionIcon, Menu } from '@mantine/core';
import type { ClientCommand, ClientView } from '@strata/fl-core/protocol';
import { IconBan, IconDoorExit, IconDots, IconLockOpen } from '@tabler/icons-react';
import { notifyError } from '../../shared/components/notify-error.ts';
import { commandClient } from '../api.ts';

interface ClientMenuProps {
  readonly run: string;
  readonly client: ClientView;
  readonly disabled: boolean;
}

/** What the operator can do about a participant; all of it can be undone. */
export function ClientMenu({ run, client, disabled }: ClientMenuProps) {
  const name = client.name || client.id;
  const command = (what: ClientCommand['command']) => () => {
    commandClient(run, client.id, what).catch(notifyError);
  };
  return (
    <Menu position="bottom-end" width={260}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`Actions on ${name}`} disabled={disabled}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {client.banned ? (
          <Menu.Item leftSection={<IconLockOpen size={16} />} onClick={command('admit')}>
            Lift the ban
          </Menu.Item>
        ) : (
          <>
            <Menu.Item
              leftSection={<IconDoorExit size={16} />}
              disabled={client.presence === 'left'}
              onClick={command('remove')}
            >
              Remove
              <br />
              <small>Out of this round; may join again.</small>
            </Menu.Item>
            <Menu.Item color="red" leftSection={<IconBan size={16} />} onClick={command('ban')}>
              Ban
              <br />
              <small>
                Out, and cannot come back as the same participant. Renew the join link, too, to keep the
                person out.
              </small>
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
