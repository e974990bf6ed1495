import { Button, Group, Menu, Modal, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronDown, IconDoorExit, IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react';
import type { ClientHandle, ClientPhase, PauseWish } from '../client/index.ts';

interface ControlsProps {
  readonly handle: ClientHandle;
  readonly phase: ClientPhase;
  readonly pause: PauseWish;
}

/** Pause now, pause after the round, resume, leave: each does what it says (C6). */
export function Controls({ handle, phase, pause }: ControlsProps) {
  const [leaving, { open, close }] = useDisclosure(false);
  const resumable = pause !== 'none' || phase.kind === 'paused';
  return (
    <>
      <Group gap="sm">
        {resumable ? (
          <Button
            size="md"
            leftSection={<IconPlayerPlay size={18} />}
            onClick={() => handle.resume()}
            data-testid="resume"
          >
            {phase.kind === 'paused' ? 'Resume' : 'Do not pause'}
          </Button>
        ) : (
          <Menu position="bottom-start" shadow="md">
            <Menu.Target>
              <Button
                size="md"
                variant="default"
                leftSection={<IconPlayerPause size={18} />}
                rightSection={<IconChevronDown size={16} />}
                data-testid="pause"
              >
                Pause
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => handle.pause('now')} data-testid="pause-now">
                Now
                <Text size="xs" c="dimmed">
                  Stops at once and keeps its place
                </Text>
              </Menu.Item>
              <Menu.Item onClick={() => handle.pause('after-round')} data-testid="pause-after-round">
                After this round
                <Text size="xs" c="dimmed">
                  Finishes what it is doing first
                </Text>
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
        <Button
          size="md"
          variant="subtle"
          color="gray"
          leftSection={<IconDoorExit size={18} />}
          onClick={open}
          data-testid="leave"
        >
          Leave
        </Button>
      </Group>
      <Modal opened={leaving} onClose={close} title="Leave this run?">
        <Text size="sm">
          Your device stops taking part. What you have contributed so far stays in the model; your data stays
          with you.
        </Text>
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={close} data-autofocus>
            Stay
          </Button>
          <Button
            color="red"
            onClick={() => {
              close();
              handle.leave();
            }}
            data-testid="leave-confirm"
          >
            Leave
          </Button>
        </Group>
      </Modal>
    </>
  );
}
