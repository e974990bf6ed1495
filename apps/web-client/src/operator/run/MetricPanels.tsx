import { Badge } from '@mantine/core';
import type { RoundSummary, TaskName } from '@strata/fl-core/protocol';
import { useCallback } from 'react';
import type { Palette } from '../../shared/palette.ts';
import { percent } from '../../shared/texts/format.ts';
import { metricText } from '../../shared/texts/metric-text.ts';
import { learningOption, trafficOption } from './charts.ts';
import { MetricPanel } from './MetricPanel.tsx';
import { saving } from './traffic.ts';

type Rounds = readonly RoundSummary[];

export function LearningPanel({ rounds, task }: { rounds: Rounds; task: TaskName }) {
  const { name, meaning } = metricText(task);
  const draw = useCallback((of: Rounds, palette: Palette) => learningOption(of, task, palette), [task]);
  return (
    <MetricPanel
      title={`Loss and ${name}`}
      hint={`Means over what participants keep back from training, weighted by the samples that count, and the median participant. ${meaning}`}
      rounds={rounds}
      has={(r) => r.loss !== null || r.trainLoss !== null}
      draw={draw}
      empty="Appears when the first round has trained."
    />
  );
}

export function TrafficPanel({ rounds }: { rounds: Rounds }) {
  const saved = saving(rounds);
  return (
    <MetricPanel
      title="Bytes on the wire"
      hint="Both directions, added up over the rounds, beside what it would take to move the whole model both ways."
      rounds={rounds}
      has={(r) => r.bytesFullExchange > 0}
      draw={trafficOption}
      empty="Appears when the first cohort downloads the model."
      controls={
        saved !== null && (
          <Badge variant="light" tt="none" color={saved >= 0 ? 'tide' : 'ochre'} data-testid="saving">
            {saved >= 0 ? `${percent(saved)} saved` : `${percent(-saved)} more`}
          </Badge>
        )
      }
    />
  );
}
