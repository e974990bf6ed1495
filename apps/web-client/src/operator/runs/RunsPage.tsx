import { Button, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { Link } from 'wouter';
import { PageError } from '../../shared/components/PageError.tsx';
import { StaleNotice } from '../../shared/components/StaleNotice.tsx';
import { useLoaded } from '../../shared/hooks/useLoaded.ts';
import { listRuns } from '../api.ts';
import { OperatorFrame } from '../OperatorFrame.tsx';
import { ServerLacks } from '../ServerLacks.tsx';
import { SessionGate } from '../session/SessionGate.tsx';
import { useLookAgain, useMay } from '../session/session.ts';
import { NoRuns } from './NoRuns.tsx';
import { RunCard } from './RunCard.tsx';
import { TrySample } from './TrySample.tsx';

const refreshMs = 3000;

export default function RunsPage() {
  useDocumentTitle('Runs · Strata');
  return (
    <SessionGate>
      <Runs />
    </SessionGate>
  );
}

function Runs() {
  const runs = useLoaded(['runs'], listRuns, { everyMs: refreshMs });
  useLookAgain(runs.kind === 'failed' ? runs.error : runs.kind === 'ready' ? runs.stale : null);
  const mayCreate = useMay('operator');
  const some = runs.kind === 'ready' && runs.value.length > 0;
  return (
    <OperatorFrame>
      <ServerLacks />
      {runs.kind === 'ready' && <StaleNotice why={runs.stale} />}
      <Stack gap="lg">
        {some && (
          <Group justify="space-between">
            <div>
              <Title order={1}>Runs</Title>
              <Text c="dimmed" size="sm">
                Each one fine-tunes a model on data that stays with its participants.
              </Text>
            </div>
            {mayCreate && (
              <Group gap="xs">
                <TrySample variant="default" />
                <Button component={Link} href="/operator/new" leftSection={<IconPlus size={16} />}>
                  New run
                </Button>
              </Group>
            )}
          </Group>
        )}
        <Content runs={runs} />
      </Stack>
    </OperatorFrame>
  );
}

function Content({ runs }: { runs: ReturnType<typeof useLoaded<Awaited<ReturnType<typeof listRuns>>>> }) {
  switch (runs.kind) {
    case 'loading':
      return (
        <Stack gap="sm" aria-label="Loading the runs" role="status">
          {[0, 1, 2].map((i) => (
            <Skeleton key={i} h={92} radius="md" />
          ))}
        </Stack>
      );
    case 'failed':
      return <PageError title="The runs cannot be shown" error={runs.error} onRetry={runs.reload} />;
    case 'ready':
      if (runs.value.length === 0) return <NoRuns />;
      return (
        <Stack gap="sm" component="ul" p={0} m={0} data-testid="runs">
          {[...runs.value]
            .sort((a, b) => b.createdAt - a.createdAt)
            .map((run) => (
              <RunCard key={run.id} run={run} />
            ))}
        </Stack>
      );
    default:
      return runs satisfies never;
  }
}
