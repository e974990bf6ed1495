import { Anchor, Breadcrumbs, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { Link } from 'wouter';
import { OperatorFrame } from '../OperatorFrame.tsx';
import { SessionGate } from '../session/SessionGate.tsx';
import { useMay, useSession } from '../session/session.ts';
import { AccountsPanel } from './AccountsPanel.tsx';
import { AuditPanel } from './AuditPanel.tsx';
import { PasswordPanel } from './PasswordPanel.tsx';
import { TokensPanel } from './TokensPanel.tsx';

export default function AccessPage() {
  useDocumentTitle('Access · Strata');
  return (
    <SessionGate>
      <OperatorFrame
        trail={
          <Breadcrumbs separatorMargin={8} visibleFrom="xs" component="nav" aria-label="Breadcrumb">
            <Anchor component={Link} href="/operator" size="sm" c="dimmed" underline="hover">
              Runs
            </Anchor>
            <Text size="sm">Access</Text>
          </Breadcrumbs>
        }
      >
        <Access />
      </OperatorFrame>
    </SessionGate>
  );
}

/** Who may operate this server. Participants of runs need none of it. */
function Access() {
  const session = useSession();
  const makesTokens = useMay('operator');
  const isOwner = useMay('owner');
  return (
    <Stack gap="md">
      <div>
        <Title order={1}>Access</Title>
        <Text c="dimmed" size="sm">
          Who may operate this server. Participants of runs need no account.
        </Text>
      </div>
      {isOwner && <AccountsPanel />}
      {makesTokens && <TokensPanel />}
      {session?.account === true && <PasswordPanel />}
      {isOwner && <AuditPanel />}
      {session?.account === false && !makesTokens && (
        <Text size="sm">You are logged in by a token, {session.name}. It may look, and change nothing.</Text>
      )}
    </Stack>
  );
}
