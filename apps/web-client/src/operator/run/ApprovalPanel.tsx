import { Button, Group, Text } from '@mantine/core';
import type { ClientCommand, ClientView, RunView } from '@strata/fl-core/protocol';
import { IconCheck, IconX } from '@tabler/icons-react';
import { notifyError } from '../../shared/components/notify-error.ts';
import { Panel } from '../../shared/components/Panel.tsx';
import { moment } from '../access/day.ts';
import { commandClient } from '../api.ts';
import { useMay } from '../session/session.ts';
import classes from './ApprovalPanel.module.css';

interface ApprovalPanelProps {
  readonly run: RunView;
  /** Whether the server is there to take commands. */
  readonly live: boolean;
}

/** Who waits to be let in, the first to come first; as high for nobody as for one, and no higher than some. */
export function ApprovalPanel({ run, live }: ApprovalPanelProps) {
  const waiting = run.clients.filter(({ awaitsApproval }) => awaitsApproval);
  return (
    <Panel
      title={waiting.length === 0 ? 'Waiting to be let in' : `Waiting to be let in: ${waiting.length}`}
      hint="New participants of this run take part once you have let them in. A name is what somebody typed: ask them if you are not sure who it is."
      testId="approval"
    >
      <ul className={classes.list} aria-live="polite">
        {waiting.length === 0 && (
          <li className={classes.row}>
            <Text size="sm" c="dimmed">
              Nobody is waiting.
            </Text>
          </li>
        )}
        {waiting.map((client) => (
          <Row key={client.id} run={run.id} client={client} live={live} />
        ))}
      </ul>
    </Panel>
  );
}

function Row({ run, client, live }: { run: string; client: ClientView; live: boolean }) {
  const maySteer = useMay('operator');
  const name = client.name || client.id;
  const command = (what: ClientCommand['command']) => () => {
    commandClient(run, client.id, what).catch(notifyError);
  };
  return (
    <li className={classes.row} data-client={client.id}>
      <div className={classes.who}>
        <Text size="sm" fw={550} truncate dir="auto">
          {name}
        </Text>
        <Text size="xs" c="dimmed">
          {[
            ...(client.site === '' ? [] : [`by an invitation for ${client.site}`]),
            ...(client.name === '' ? [] : [client.id]),
            `since ${moment(client.joinedAt)}`,
            ...(client.presence === 'connected' ? [] : ['not here now']),
          ].join(' · ')}
        </Text>
      </div>
      {maySteer && (
        <Group gap="xs" wrap="nowrap">
          <Button
            size="xs"
            leftSection={<IconCheck size={14} />}
            disabled={!live}
            onClick={command('approve')}
            aria-label={`Let ${name} in`}
          >
            Let in
          </Button>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconX size={14} />}
            disabled={!live}
            onClick={command('refuse')}
            aria-label={`Refuse ${name}`}
          >
            Refuse
          </Button>
        </Group>
      )}
    </li>
  );
}
