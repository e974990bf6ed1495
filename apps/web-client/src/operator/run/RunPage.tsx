import { Anchor, Breadcrumbs, Group, Skeleton, Stack, Text } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { Link } from 'wouter';
import { PageError } from '../../shared/components/PageError.tsx';
import { OperatorFrame } from '../OperatorFrame.tsx';
import { ServerLacks } from '../ServerLacks.tsx';
import { SessionGate } from '../session/SessionGate.tsx';
import { useLookAgain } from '../session/session.ts';
import { useRun } from '../useRun.ts';
import type { RunLink } from '../watch-run.ts';
import { Away } from './Away.tsx';
import { Dashboard } from './Dashboard.tsx';

export default function RunPage({ params }: { params: { run?: string } }) {
  return (
    <SessionGate>
      <Run id={params.run ?? ''} />
    </SessionGate>
  );
}

function Run({ id }: { id: string }) {
  const { link, events } = useRun(id);
  useLookAgain(link.kind === 'refused' ? link.error : null);
  const run = link.kind === 'live' || link.kind === 'away' ? link.run : null;
  useDocumentTitle(run === null ? 'Run · Strata' : `${run.config.name} · Strata`);
  return (
    <OperatorFrame trail={<Trail name={run?.config.name ?? id} />}>
      <ServerLacks />
      {link.kind === 'away' && <Away />}
      {run === null ? (
        <NoRun link={link} />
      ) : (
        <Dashboard run={run} events={events} live={link.kind === 'live'} />
      )}
    </OperatorFrame>
  );
}

function Trail({ name }: { name: string }) {
  return (
    <Breadcrumbs separatorMargin={8} visibleFrom="xs" component="nav" aria-label="Breadcrumb">
      <Anchor component={Link} href="/operator" size="sm" c="dimmed" underline="hover">
        Runs
      </Anchor>
      <Text size="sm" lh={1.6} truncate maw="40ch">
        {name}
      </Text>
    </Breadcrumbs>
  );
}

function NoRun({ link }: { link: RunLink }) {
  switch (link.kind) {
    case 'refused':
      return (
        <PageError title="This run cannot be shown" error={link.error}>
          <Anchor component={Link} href="/operator">
            All runs
          </Anchor>
        </PageError>
      );
    case 'connecting':
    case 'away':
      return (
        <Stack role="status" aria-label="Loading the run">
          <Skeleton h={64} />
          <Skeleton h={120} />
          <Group grow>
            <Skeleton h={320} />
            <Skeleton h={320} visibleFrom="md" />
          </Group>
        </Stack>
      );
    case 'live':
      return null;
    default:
      return link satisfies never;
  }
}
