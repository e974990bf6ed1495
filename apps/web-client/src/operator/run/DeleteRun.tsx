import { Button, Group, Modal, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import type { RunView } from '@strata/fl-core/protocol';
import { IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { notifyError } from '../../shared/components/notify-error.ts';
import { deleteRun } from '../api.ts';
import { deletedText } from './deleted-text.ts';

interface DeleteRunProps {
  readonly run: Pick<RunView, 'id' | 'config'>;
  readonly disabled: boolean;
}

/** For runs that are over or have not begun: all of it goes, and it is said what that was. */
export function DeleteRun({ run, disabled }: DeleteRunProps) {
  const [asking, ask] = useDisclosure(false);
  const [busy, setBusy] = useState(false);
  const [, navigate] = useLocation();
  const remove = async () => {
    setBusy(true);
    try {
      const deleted = await deleteRun(run.id);
      navigate('/operator');
      notifications.show({
        title: `Deleted: ${run.config.name}`,
        message: deletedText(deleted),
        autoClose: false,
      });
    } catch (error) {
      notifyError(error);
      setBusy(false);
    }
  };
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconTrash size={16} />}
        disabled={disabled}
        onClick={ask.open}
        data-testid="delete-run"
      >
        Delete
      </Button>
      <Modal opened={asking} onClose={ask.close} title="Delete this run?">
        <Text size="sm">
          Its models, rounds, participants, answers, invitations and its log are deleted from this server, for
          good. What was downloaded stays where it is, and so do its entries in the audit log, and copies that
          participants’ browsers keep of their own data.
        </Text>
        <Group justify="end" mt="lg" gap="xs">
          <Button variant="default" onClick={ask.close} data-autofocus>
            Keep it
          </Button>
          <Button color="red" loading={busy} data-testid="confirm-delete" onClick={() => void remove()}>
            Delete the run
          </Button>
        </Group>
      </Modal>
    </>
  );
}
