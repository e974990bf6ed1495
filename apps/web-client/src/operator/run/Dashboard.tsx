import { SimpleGrid, Stack } from '@mantine/core';
import type { RunEvent, RunView } from '@strata/fl-core/protocol';
import { useState } from 'react';
import { DemoPanel } from '../demo/DemoPanel.tsx';
import { ClientsPanel } from './ClientsPanel.tsx';
import classes from './Dashboard.module.css';
import { EventLog } from './EventLog.tsx';
import { Figures } from './Figures.tsx';
import { ImportancePanel } from './ImportancePanel.tsx';
import { InvitePanel } from './InvitePanel.tsx';
import { MaskPanel } from './MaskPanel.tsx';
import { DiagnosticsPanel, LearningPanel, TrafficPanel } from './MetricPanels.tsx';
import { RoundPanel } from './RoundPanel.tsx';
import { RunHeader } from './RunHeader.tsx';

interface DashboardProps {
  readonly run: RunView;
  readonly events: readonly RunEvent[];
  /** Whether the server is there to take commands. */
  readonly live: boolean;
}

/** Everything about one run. */
export function Dashboard({ run, events, live }: DashboardProps) {
  const newest = run.rounds.at(-1)?.round ?? null;
  const [picked, setPicked] = useState<number | null>(null);
  // follows the newest round until the operator picks another one
  const shown = run.rounds.some((r) => r.round === picked) ? picked : newest;
  const open = run.state === 'draft' || run.state === 'running' || run.state === 'paused';
  const { sample } = run.config.data;
  return (
    <Stack gap="md" data-run={run.id} data-state={run.state}>
      <RunHeader run={run} live={live} />
      <RoundPanel run={run} />
      <Figures run={run} />
      <div className={classes.main}>
        <ImportancePanel rounds={run.rounds} layers={run.layers} picked={shown} onPick={setPicked} />
        <MaskPanel run={run} round={shown} onPick={setPicked} />
      </div>
      <SimpleGrid cols={{ base: 1, md: 2, lg: 3 }}>
        <LearningPanel rounds={run.rounds} />
        <TrafficPanel rounds={run.rounds} />
        <DiagnosticsPanel rounds={run.rounds} strategy={run.config.strategy} />
      </SimpleGrid>
      <div className={classes.people}>
        <ClientsPanel clients={run.clients} labels={run.config.labels} />
        <Stack>
          <InvitePanel run={run.id} open={open} />
          {sample !== null && <DemoPanel run={run.id} sample={sample} open={open && live} />}
        </Stack>
      </div>
      <EventLog events={events} />
    </Stack>
  );
}
