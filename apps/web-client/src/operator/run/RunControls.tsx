import { Button, Group, Modal, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { RunCommand, RunState } from '@strata/fl-core/protocol';
import { IconPlayerPause, IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react';
import { useState } from 'react';
import { notifyError } from '../../shared/components/notify-error.ts';
import { commandRun } from '../api.ts';

type Command = RunCommand['command'];

interface RunControlsProps {
  readonly run: string;
  readonly state: RunState;
  readonly disabled: boolean;
}

/** Start, pause, resume, stop: the ones that make sense in this state. Stopping is for good and asks first. */
export function RunControls({ run, state, disabled }: RunControlsProps) {
  const [busy, setBusy] = useState<Command | null>(null);
  const [asking, ask] = useDisclosure(false);

  const command = async (what: Command) => {
    setBusy(what);
    try {
      await commandRun(run, what);
    } catch (error) {
      notifyError(error);
    } finally {
      setBusy(null);
    }
  };
  const common = (what: Command) => ({
    loading: busy === what,
    disabled: disabled || (busy !== null && busy !== what),
  });

  if (state === 'finished' || state === 'stopped' || state === 'failed') return null;
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconPlayerStop size={16} />}
        onClick={ask.open}
        {...common('stop')}
        data-testid="stop"
      >
        Stop
      </Button>
      {state === 'draft' && (
        <Button
          leftSection={<IconPlayerPlay size={16} />}
          onClick={() => void command('start')}
          {...common('start')}
          data-testid="start"
        >
          Start
        </Button>
      )}
      {state === 'running' && (
        <Button
          variant="default"
          leftSection={<IconPlayerPause size={16} />}
          onClick={() => void command('pause')}
          {...common('pause')}
          data-testid="pause"
        >
          Pause
        </Button>
      )}
      {state === 'paused' && (
        <Button
          leftSection={<IconPlayerPlay size={16} />}
          onClick={() => void command('resume')}
          {...common('resume')}
          data-testid="resume"
        >
          Resume
        </Button>
      )}
      <Modal opened={asking} onClose={ask.close} title="Stop this run for good?">
        <Text size="sm">
          A stopped run cannot be started again. Its last checkpoint stays and can be downloaded; the round
          that is open now is abandoned. To go on later, pause it instead.
        </Text>
        <Group justify="end" mt="lg" gap="xs">
          <Button variant="default" onClick={ask.close} data-autofocus>
            Keep it
          </Button>
          <Button
            color="red"
            data-testid="confirm-stop"
            onClick={() => {
              ask.close();
              void command('stop');
            }}
          >
            Stop the run
          </Button>
        </Group>
      </Modal>
    </>
  );
}
