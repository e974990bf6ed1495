import { Anchor, Breadcrumbs, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { Link } from 'wouter';
import { ErrorNotice } from '../../shared/components/ErrorNotice.tsx';
import { useLoaded } from '../../shared/hooks/useLoaded.ts';
import { listInvitations } from '../api.ts';
import { OperatorFrame } from '../OperatorFrame.tsx';
import { SessionGate } from '../session/SessionGate.tsx';
import { useLookAgain } from '../session/session.ts';
import { InvitationList } from './InvitationList.tsx';
import { NewInvitation } from './NewInvitation.tsx';

const refreshMs = 5_000;

export default function InvitationsPage({ params }: { params: { run?: string } }) {
  const run = params.run ?? '';
  useDocumentTitle('Invitations · Strata');
  return (
    <SessionGate needs="operator">
      <OperatorFrame
        trail={
          <Breadcrumbs separatorMargin={8} component="nav" aria-label="Breadcrumb">
            <Anchor component={Link} href={`/operator/runs/${run}`} size="sm" c="dimmed" underline="hover">
              Run
            </Anchor>
            <Text size="sm">Invitations</Text>
          </Breadcrumbs>
        }
      >
        <Invitations run={run} />
      </OperatorFrame>
    </SessionGate>
  );
}

/** Who may join a run beside those with its link: each invitation has its places and its end. */
function Invitations({ run }: { run: string }) {
  const invitations = useLoaded(['invitations', run], (signal) => listInvitations(run, signal), {
    everyMs: refreshMs,
  });
  useLookAgain(invitations.kind === 'failed' ? invitations.error : null);
  return (
    <Stack gap="md">
      <div>
        <Title order={1}>Invitations</Title>
        <Text c="dimmed" size="sm" maw="70ch">
          Each is a link of its own, for so many participants, until a day. It can be revoked, and may say
          whose it is: that stands beside everybody who comes by it.
        </Text>
      </div>
      <NewInvitation run={run} onMade={invitations.reload} />
      {invitations.kind === 'failed' && (
        <ErrorNotice error={invitations.error} onRetry={invitations.reload} />
      )}
      {invitations.kind === 'ready' && (
        <InvitationList run={run} invitations={invitations.value} onChanged={invitations.reload} />
      )}
    </Stack>
  );
}
