import { Badge } from '@mantine/core';
import type { RoundSummary, TaskName } from '@strata/fl-core/protocol';
import { useCallback } from 'react';
import { metricText } from '../../shared/texts/metric-text.ts';
import { learningChart, timeChart, trafficChart } from './charts/learning.ts';
import { MetricPanel } from './MetricPanel.tsx';
import { saving, savingText } from './traffic.ts';

type Rounds = readonly RoundSummary[];

export function LearningPanel({ rounds, task }: { rounds: Rounds; task: TaskName }) {
  const { name, meaning } = metricText(task);
  const draw = useCallback((of: Rounds) => learningChart(of, task), [task]);
  return (
    <MetricPanel
      title={`Loss and ${name}`}
      hint={`Means over what participants keep back from training, weighted by the samples that count, and the median participant. ${meaning}`}
      rounds={rounds}
      has={(r) => r.loss !== null || r.trainLoss !== null}
      draw={draw}
      empty="Appears when the first round has trained."
      testId="learning"
    />
  );
}

export function TrafficPanel({ rounds }: { rounds: Rounds }) {
  const saved = saving(rounds);
  return (
    <MetricPanel
      title="Bytes moved"
      hint="Both directions, added up over the rounds, beside what the same participants would have moved in the same rounds had each trained every layer. Layers that no strategy trains are left out of both, but for a participant’s first download."
      rounds={rounds}
      has={(r) => r.bytesIfFull > 0}
      draw={trafficChart}
      empty="Appears when the first cohort downloads the model."
      controls={
        saved !== null && (
          <Badge variant="light" tt="none" color={saved >= 0 ? 'tide' : 'ochre'} data-testid="saving">
            {savingText(saved, 'short')}
          </Badge>
        )
      }
      testId="traffic"
    />
  );
}

export function TimePanel({ rounds }: { rounds: Rounds }) {
  return (
    <MetricPanel
      title="Time a round"
      hint="How long participants measured their layers, trained and evaluated, and the server chose layers and added up. An open round counts until now."
      rounds={rounds}
      has={(r) => Object.values(r.seconds).some((s) => s > 0)}
      draw={timeChart}
      empty="Appears when the first round has begun."
      testId="time"
    />
  );
}
