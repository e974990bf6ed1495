import { Badge } from '@mantine/core';
import type { RoundSummary, RunView } from '@strata/fl-core/protocol';
import { useCallback } from 'react';
import { percent, score } from '../../shared/texts/format.ts';
import { metricText } from '../../shared/texts/metric-text.ts';
import { learningChart, timeChart, trafficChart } from './charts/learning.ts';
import { MetricPanel } from './MetricPanel.tsx';
import { noFigures } from './no-figures.ts';
import { saving, savingText } from './traffic.ts';

type Rounds = readonly RoundSummary[];

interface LearningPanelProps {
  readonly rounds: Rounds;
  readonly config: RunView['config'];
  readonly tests: RunView['tests'];
}

export function LearningPanel({ rounds, config, tests }: LearningPanelProps) {
  const task = config.task.name;
  const { name, meaning } = metricText(task);
  const none = noFigures(config.privacy);
  const draw = useCallback((of: Rounds) => learningChart(of, task, tests), [task, tests]);
  const last = tests.at(-1);
  return (
    <MetricPanel
      title={`Loss and ${name}`}
      hint={
        none?.text ??
        noisedHint(config) ??
        `Means over what participants keep back from training, weighted by the samples that count, and the median participant. ${meaning}`
      }
      {...(last && { text: testText(last, name) })}
      rounds={rounds}
      has={(r) => r.loss !== null || r.trainLoss !== null}
      draw={draw}
      empty={none?.text ?? 'Appears when the first round has trained.'}
      testId="learning"
    />
  );
}

/** What an accuracy with noise on it is; null in runs that have none. */
const noisedHint = ({ privacy }: RunView['config']): string | null =>
  privacy.kind === 'client' && privacy.figures.kind === 'noised'
    ? 'Means over participants, each counted alike, of the share of right answers on what they hold out, with noise that the run’s bound covers: how much stands beside the newest figure. Losses are not told.'
    : null;

/** A figure that no participant claims. */
const testText = ({ round, data, samples, accuracy, loss, by }: RunView['tests'][number], name: string) =>
  `Tested by ${by} on ${data} (${samples} samples) after round ${round}: ${name} ${percent(accuracy)}, loss ${score(loss)}.`;

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
