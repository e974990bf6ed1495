import { ActionIcon, Button, CopyButton, Group, Modal, Text, TextInput, Tooltip } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { RunView } from '@strata/fl-core/protocol';
import { IconCheck, IconCopy, IconRefresh } from '@tabler/icons-react';
import { QRCodeSVG } from 'qrcode.react';
import { notifyError } from '../../shared/components/notify-error.ts';
import { Panel } from '../../shared/components/Panel.tsx';
import { joinAddress, renewJoinKey } from '../api.ts';
import classes from './InvitePanel.module.css';

interface InvitePanelProps {
  readonly run: RunView;
  /** Whether the server is there to take commands. */
  readonly live: boolean;
}

const hints = {
  invited: 'Whoever has this link can join; nobody else sees the run.',
  listed:
    'This run stands on the start page: everybody who reaches the server can join, with or without the link.',
} as const satisfies Record<RunView['config']['visibility'], string>;

/** The link that makes somebody a participant. */
export function InvitePanel({ run, live }: InvitePanelProps) {
  const address = joinAddress(run);
  return (
    <Panel title="Invite participants" hint={hints[run.config.visibility]} testId="invite">
      <div className={classes.code}>
        <QRCodeSVG
          value={address}
          size={132}
          marginSize={2}
          bgColor="#ffffff"
          fgColor="#10171b"
          title="QR code of the join link"
        />
      </div>
      <Group gap={6} wrap="nowrap" mt="sm">
        <TextInput
          flex={1}
          size="sm"
          readOnly
          value={address}
          aria-label="Join link"
          data-testid="join-link"
          onFocus={(event) => event.currentTarget.select()}
        />
        <CopyButton value={address}>
          {({ copied, copy }) => (
            <Tooltip label={copied ? 'Copied' : 'Copy the link'}>
              <ActionIcon
                size={36}
                variant="default"
                aria-label={copied ? 'Copied' : 'Copy the join link'}
                onClick={copy}
              >
                {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
        {run.config.visibility === 'invited' && <Renew run={run.id} disabled={!live} />}
      </Group>
    </Panel>
  );
}

/** Makes the link that is out there useless to newcomers; asks first, because whoever has it has to be told. */
function Renew({ run, disabled }: { run: string; disabled: boolean }) {
  const [asking, ask] = useDisclosure(false);
  return (
    <>
      <Tooltip label="Renew the link">
        <ActionIcon
          size={36}
          variant="default"
          aria-label="Renew the join link"
          data-testid="renew-link"
          disabled={disabled}
          onClick={ask.open}
        >
          <IconRefresh size={16} />
        </ActionIcon>
      </Tooltip>
      <Modal opened={asking} onClose={ask.close} title="Renew the join link?">
        <Text size="sm">
          The link of before lets nobody new in from then on. Who has joined stays; to send somebody away, ban
          the participant as well.
        </Text>
        <Group justify="end" mt="lg" gap="xs">
          <Button variant="default" onClick={ask.close} data-autofocus>
            Keep it
          </Button>
          <Button
            data-testid="confirm-renew"
            onClick={() => {
              ask.close();
              renewJoinKey(run).catch(notifyError);
            }}
          >
            Renew the link
          </Button>
        </Group>
      </Modal>
    </>
  );
}
