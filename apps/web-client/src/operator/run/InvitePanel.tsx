import {
  ActionIcon,
  Alert,
  Button,
  Group,
  Modal,
  NativeSelect,
  Text,
  TextInput,
  Tooltip,
  VisuallyHidden,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { JoinAddresses, RunView } from '@strata/fl-core/protocol';
import { IconCheck, IconCopy, IconRefresh, IconTicket } from '@tabler/icons-react';
import { QRCodeSVG } from 'qrcode.react';
import { useEffect, useState } from 'react';
import { Link } from 'wouter';
import { notifyError } from '../../shared/components/notify-error.ts';
import { Panel } from '../../shared/components/Panel.tsx';
import { copyText } from '../../shared/copy-text.ts';
import { useLoaded } from '../../shared/hooks/useLoaded.ts';
import { getJoinAddresses, joinAddress, renewJoinKey } from '../api.ts';
import classes from './InvitePanel.module.css';
import { addressWarning, joinChoices } from './join-choices.ts';

interface InvitePanelProps {
  readonly run: RunView;
  /** Whether the server is there to take commands. */
  readonly live: boolean;
}

const hints = {
  invited: 'Whoever has this link can join; nobody else sees the run.',
  named: 'Only who has an invitation sees this run and can join.',
  listed:
    'This run stands on the start page: everybody who reaches the server can join, with or without the link.',
} as const satisfies Record<RunView['config']['visibility'], string>;

/** What is known before the server has answered: where this page came from. */
const unknown: JoinAddresses = { addresses: [], closed: [] };

/** The link that makes somebody a participant, at an address that they can open. */
export function InvitePanel({ run, live }: InvitePanelProps) {
  const loaded = useLoaded(['join-addresses'], getJoinAddresses);
  const known = loaded.kind === 'ready' ? loaded.value : unknown;
  const choices = joinChoices(known, location.origin);
  const [picked, setPicked] = useState<string | null>(null);
  const chosen = choices.find(({ url }) => url === picked) ?? choices[0];
  if (chosen === undefined) return null;
  const address = joinAddress(run, chosen.url);
  const warning = loaded.kind === 'ready' ? addressWarning(chosen, known) : null;
  return (
    <Panel title="Invite participants" hint={hints[run.config.visibility]} testId="invite">
      {run.config.visibility !== 'named' && (
        <>
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
          {choices.length > 1 && (
            <NativeSelect
              mt="sm"
              size="sm"
              label="Address of the server"
              data-testid="join-address"
              value={chosen.url}
              onChange={(event) => setPicked(event.currentTarget.value)}
              data={choices.map(({ url, reach }) => ({
                value: url,
                label: reach === 'this-machine' ? `${url} (this computer)` : url,
              }))}
            />
          )}
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
            <Copy text={address} />
            {run.config.visibility === 'invited' && <Renew run={run.id} disabled={!live} />}
          </Group>
          {warning !== null && (
            <Alert mt="sm" color="ochre" variant="light" title={warning.title} data-testid="join-warning">
              {warning.text}
            </Alert>
          )}
        </>
      )}
      <Button
        component={Link}
        href={`/operator/runs/${run.id}/invitations`}
        mt={run.config.visibility === 'named' ? 0 : 'sm'}
        fullWidth
        variant="default"
        leftSection={<IconTicket size={16} />}
        data-testid="invitations-page"
      >
        Invitations for some
      </Button>
    </Panel>
  );
}

/** How long a copied link is said to be so. */
const saidMs = 2_000;

function Copy({ text }: { text: string }) {
  const [copied, setCopied] = useState<'not-yet' | 'yes' | 'failed'>('not-yet');
  useEffect(() => {
    if (copied !== 'yes') return;
    const timer = setTimeout(() => setCopied('not-yet'), saidMs);
    return () => clearTimeout(timer);
  }, [copied]);
  const label = copyLabels[copied];
  return (
    <Tooltip label={label} {...(copied === 'not-yet' ? {} : { opened: true })}>
      <ActionIcon
        size={36}
        variant="default"
        aria-label={label}
        data-testid="copy-link"
        onClick={() => void copyText(text).then((done) => setCopied(done ? 'yes' : 'failed'))}
        onBlur={() => setCopied('not-yet')}
      >
        {copied === 'yes' ? <IconCheck size={16} /> : <IconCopy size={16} />}
        <VisuallyHidden role="status">{copied === 'not-yet' ? '' : label}</VisuallyHidden>
      </ActionIcon>
    </Tooltip>
  );
}

const copyLabels = {
  'not-yet': 'Copy the join link',
  yes: 'Copied',
  failed: 'This browser did not let the page copy: select the link and copy it yourself',
} as const;

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
