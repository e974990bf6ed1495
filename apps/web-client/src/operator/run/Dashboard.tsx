import { SimpleGrid, Stack } from '@mantine/core';
import type { RunEvent, RunView } from '@strata/fl-core/protocol';
import { useState } from 'react';
import { useStable } from '../../shared/hooks/useStable.ts';
import { DemoPanel } from '../demo/DemoPanel.tsx';
import { useMay } from '../session/session.ts';
import { ApprovalPanel } from './ApprovalPanel.tsx';
import { ClientsPanel } from './ClientsPanel.tsx';
import { ConfigurationPanel } from './ConfigurationPanel.tsx';
import classes from './Dashboard.module.css';
import { Diagnostics } from './diagnostics/Diagnostics.tsx';
import { EventLog } from './EventLog.tsx';
import { Figures } from './Figures.tsx';
import { ImportancePanel } from './ImportancePanel.tsx';
import { InvitePanel } from './InvitePanel.tsx';
import { MaskPanel } from './MaskPanel.tsx';
import { MembersPanel } from './MembersPanel.tsx';
import { LearningPanel, TimePanel, TrafficPanel } from './MetricPanels.tsx';
import { RoundPanel } from './RoundPanel.tsx';
import { RunHeader } from './RunHeader.tsx';
import { useRound } from './use-round.ts';

interface DashboardProps {
  readonly run: RunView;
  readonly events: readonly RunEvent[];
  /** Whether the server is there to take commands. */
  readonly live: boolean;
}

/**
 * Everything about one run. All panels are there from the beginning, each as high as it will be: nothing that one
 * looks at, or is about to press, moves because a round began or somebody came.
 */
export function Dashboard({ run, events, live }: DashboardProps) {
  const rounds = useStable(run.rounds);
  const layers = useStable(run.layers);
  const open = run.state === 'draft' || run.state === 'running' || run.state === 'paused';
  const maySteer = useMay('operator');
  const { sample } = run.config.data;
  return (
    <Stack gap="md" data-run={run.id} data-state={run.state}>
      <RunHeader run={run} live={live} />
      <RoundPanel run={run} />
      <Figures run={run} />
      {run.config.approval && open && <ApprovalPanel run={run} live={live} />}
      <div className={classes.people}>
        <div className={classes.room}>
          <ClientsPanel run={run} over={!open} live={live} />
        </div>
        {open && maySteer ? (
          <Stack>
            <InvitePanel run={run} live={live} />
            {/* Demo participants come by the join link, which such a run does not open to. */}
            {sample !== null && run.config.visibility !== 'named' && (
              <DemoPanel run={run} sample={sample} live={live} />
            )}
          </Stack>
        ) : (
          <ConfigurationPanel run={run} />
        )}
      </div>
      <Learning run={run} rounds={rounds} layers={layers} />
      <div className={open ? classes.end : undefined}>
        <EventLog events={events} />
        {open && maySteer && <ConfigurationPanel run={run} />}
      </div>
    </Stack>
  );
}

interface LearningProps {
  readonly run: RunView;
  readonly rounds: RunView['rounds'];
  readonly layers: RunView['layers'];
}

function Learning({ run, rounds, layers }: LearningProps) {
  const [picked, setPicked] = useState<number | null>(null);
  // follows the newest round until the operator picks another one
  const shown = rounds.some((r) => r.round === picked) ? picked : (rounds.at(-1)?.round ?? null);
  const detail = useRound(run, shown);
  return (
    <>
      <div className={classes.main}>
        <ImportancePanel rounds={rounds} layers={layers} picked={shown} onPick={setPicked} />
        <div className={classes.room}>
          <MaskPanel run={run} round={shown} detail={detail} onPick={setPicked} />
        </div>
      </div>
      <div className={classes.room}>
        <MembersPanel run={run} round={detail.kind === 'ready' ? detail.value : null} />
      </div>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <LearningPanel rounds={rounds} config={run.config} tests={run.tests} />
        <TrafficPanel rounds={rounds} />
        <TimePanel rounds={rounds} />
        <Diagnostics rounds={rounds} config={run.config} />
      </SimpleGrid>
    </>
  );
}
