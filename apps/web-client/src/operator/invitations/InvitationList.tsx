import { Button, Table, Text } from '@mantine/core';
import type { InvitationView } from '@strata/fl-core/protocol';
import { Columns } from '../../shared/components/Columns.tsx';
import { notifyError } from '../../shared/components/notify-error.ts';
import { Panel } from '../../shared/components/Panel.tsx';
import { day } from '../access/day.ts';
import { revokeInvitation } from '../api.ts';
import { invitationState } from './invitation-state.ts';

interface InvitationListProps {
  readonly run: string;
  readonly invitations: readonly InvitationView[];
  readonly onChanged: () => void;
}

export function InvitationList({ run, invitations, onChanged }: InvitationListProps) {
  return (
    <Panel title="All invitations" testId="invitations" flush fill>
      {invitations.length === 0 ? (
        <Text size="sm" c="dimmed" p="md">
          There is none.
        </Text>
      ) : (
        <Table miw={520} verticalSpacing="xs" horizontalSpacing="md">
          <Columns names={['For', 'Places', 'Made']} actions />
          <Table.Tbody>
            {invitations.map((invitation) => {
              const { id, site, by, createdAt } = invitation;
              const { open, text } = invitationState(invitation, Date.now());
              return (
                <Table.Tr key={id} data-invitation={id} data-open={open}>
                  <Table.Td>
                    <Text size="sm" fw={550} dir="auto">
                      {site || 'Anybody'}
                    </Text>
                  </Table.Td>
                  <Table.Td>
                    <Text size="sm">{text}</Text>
                  </Table.Td>
                  <Table.Td>
                    <Text size="sm">{day(createdAt)}</Text>
                    <Text size="xs" c="dimmed">
                      by {by}
                    </Text>
                  </Table.Td>
                  <Table.Td ta="right">
                    {open && (
                      <Button
                        size="compact-sm"
                        variant="default"
                        aria-label={`Revoke the invitation for ${site || 'anybody'} of ${day(createdAt)}`}
                        onClick={() => void revokeInvitation(run, id).then(onChanged, notifyError)}
                      >
                        Revoke
                      </Button>
                    )}
                  </Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      )}
    </Panel>
  );
}
