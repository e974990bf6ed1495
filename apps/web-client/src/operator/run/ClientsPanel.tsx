import { Group, Pagination, Progress, Table, Text, TextInput, VisuallyHidden } from '@mantine/core';
import type { ClientView, RunView } from '@strata/fl-core/protocol';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { Panel } from '../../shared/components/Panel.tsx';
import { count } from '../../shared/texts/format.ts';
import { useMay } from '../session/session.ts';
import { ClientMenu } from './ClientMenu.tsx';
import classes from './ClientsPanel.module.css';
import { clientActivity, participants, sortClients } from './clients.ts';

const pageSize = 20;

interface ClientsPanelProps {
  readonly run: RunView;
  /** The run is over: nobody is expected to be here any more. */
  readonly over: boolean;
  /** Whether the server is there to take commands. */
  readonly live: boolean;
}

interface RowProps extends ClientsPanelProps {
  readonly client: ClientView;
}

export function ClientsPanel({ run, over, live }: ClientsPanelProps) {
  const clients = participants(run.clients);
  const [search, setSearch] = useState('');
  const [page, setPage] = useState(1);
  const found = sortClients(clients, search);
  const pages = Math.max(1, Math.ceil(found.length / pageSize));
  const current = Math.min(page, pages);
  return (
    <Panel
      title="Participants"
      hint="Everyone who takes part or took part. Of what they hold, only how much it is is known here."
      flush
      fill
      testId="clients"
      controls={
        clients.length > pageSize && (
          <TextInput
            size="xs"
            aria-label="Find a participant"
            placeholder="Find"
            leftSection={<IconSearch size={14} />}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
        )
      }
    >
      {clients.length === 0 ? (
        <Text size="sm" c="dimmed" p="md">
          Nobody has joined yet. Share the link, or add demo participants.
        </Text>
      ) : (
        <Table miw={640} verticalSpacing="xs" horizontalSpacing="md" className={classes.table}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">Participant</Table.Th>
              <Table.Th scope="col">Doing</Table.Th>
              <Table.Th scope="col">Device</Table.Th>
              <Table.Th scope="col" ta="right">
                Samples
              </Table.Th>
              <Table.Th scope="col">
                <VisuallyHidden>Actions</VisuallyHidden>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {found.slice((current - 1) * pageSize, current * pageSize).map((client) => (
              <Row key={client.id} client={client} run={run} over={over} live={live} />
            ))}
          </Table.Tbody>
        </Table>
      )}
      {pages > 1 && (
        <Group p="md" justify="center">
          <Pagination size="sm" total={pages} value={current} onChange={setPage} />
        </Group>
      )}
    </Panel>
  );
}

function Row({ client, run, over, live }: RowProps) {
  const maySteer = useMay('operator');
  const { label, fraction, tone } = clientActivity(client, over);
  return (
    <Table.Tr data-client={client.id} data-presence={client.presence}>
      <Table.Td>
        <Text size="sm" fw={550} truncate maw="12rem">
          {client.name || client.id}
        </Text>
        {client.site !== '' && (
          <Text size="xs" truncate maw="12rem" dir="auto" title={`Came by an invitation for ${client.site}`}>
            {client.site}
          </Text>
        )}
        {client.name !== '' && (
          <Text size="xs" c="dimmed" ff="monospace">
            {client.id}
          </Text>
        )}
      </Table.Td>
      <Table.Td w={150}>
        <Group gap={7} wrap="nowrap">
          <span className={classes.dot} data-tone={tone} />
          <Text size="sm">{label}</Text>
        </Group>
        {fraction !== null && <Progress size={3} mt={5} value={100 * fraction} aria-label={label} />}
      </Table.Td>
      <Table.Td>
        <Text size="sm" title={client.device.reason}>
          {client.device.backend}
          {client.device.backend === 'wasm' && client.device.threads > 1 && ` × ${client.device.threads}`}
        </Text>
        {client.device.adapter !== '' && (
          <Text size="xs" c="dimmed" truncate maw="11rem">
            {client.device.adapter}
          </Text>
        )}
      </Table.Td>
      <Table.Td ta="right">
        {run.config.aggregation.sealing.kind === 'sealed' ? (
          <Text size="sm" c="dimmed">
            sealed
          </Text>
        ) : (
          <>
            <Text size="sm" className="tabular">
              {count(client.samples)}
            </Text>
            <Text size="xs" c="dimmed" className="tabular">
              + {count(client.heldOut)} held out
            </Text>
          </>
        )}
      </Table.Td>
      <Table.Td w={36}>
        {!over && maySteer && <ClientMenu run={run.id} client={client} disabled={!live} />}
      </Table.Td>
    </Table.Tr>
  );
}
