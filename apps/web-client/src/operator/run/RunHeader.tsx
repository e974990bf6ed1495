import { Alert, Group, Text, Title } from '@mantine/core';
import { architectureOf, modelName, specOf } from '@strata/fl-core/models/layouts';
import type { RunView } from '@strata/fl-core/protocol';
import { budgetText } from '../../shared/texts/budget-text.ts';
import { StateBadge } from '../StateBadge.tsx';
import { useMay } from '../session/session.ts';
import { ignoresBudget, strategyText } from '../strategy-text.ts';
import { taskFacts } from '../task-text.ts';
import { DeleteRun } from './DeleteRun.tsx';
import { DownloadButton } from './DownloadButton.tsx';
import { RunControls } from './RunControls.tsx';

/** What the run is, and what can be done to it. */
export function RunHeader({ run, live }: { run: RunView; live: boolean }) {
  const { config } = run;
  const maySteer = useMay('operator');
  const facts = [
    ...(config.purpose.kind === 'test' ? ['Test'] : []),
    modelName(config.model),
    ...taskFacts(config),
    strategyText(config.strategy),
    ...(ignoresBudget(config.strategy) ? [] : [budgetText(config.budget)]),
  ];
  return (
    <>
      <Group justify="space-between" align="start" gap="md">
        <div>
          <Group gap="sm">
            <Title order={1} dir="auto">
              {config.name}
            </Title>
            <StateBadge state={run.state} />
          </Group>
          <Text size="sm" c="dimmed" mt={4}>
            {facts.join(' · ')}
          </Text>
          {config.description && (
            <Text size="sm" mt={4} maw="70ch" dir="auto">
              {config.description}
            </Text>
          )}
        </div>
        {maySteer && (
          <Group gap="xs">
            <DownloadButton
              run={run.id}
              round={run.checkpoint.round}
              size={run.modelBytes}
              opensIn={architectureOf(specOf(config)).opensIn}
              disabled={!live}
            />
            <RunControls run={run.id} state={run.state} disabled={!live} />
            {run.state !== 'running' && run.state !== 'paused' && <DeleteRun run={run} disabled={!live} />}
          </Group>
        )}
      </Group>
      {run.reason !== '' && (
        <Alert color={run.state === 'failed' ? 'red' : 'gray'} variant="light">
          {run.reason}
        </Alert>
      )}
    </>
  );
}
