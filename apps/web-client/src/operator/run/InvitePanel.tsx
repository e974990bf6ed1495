import { ActionIcon, CopyButton, Group, TextInput, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { QRCodeSVG } from 'qrcode.react';
import { Panel } from '../../shared/components/Panel.tsx';
import { joinAddress } from '../api.ts';
import classes from './InvitePanel.module.css';

/** The link that makes somebody a participant. */
export function InvitePanel({ run }: { run: string }) {
  const address = joinAddress(run);
  return (
    <Panel title="Invite participants" testId="invite">
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
      </Group>
    </Panel>
  );
}
