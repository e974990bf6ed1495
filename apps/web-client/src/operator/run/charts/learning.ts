import type { RoundSummary, RunView, TaskName } from '@strata/fl-core/protocol';
import { bytes, percent, score, seconds } from '../../../shared/texts/format.ts';
import { metricTitle } from '../../../shared/texts/metric-text.ts';
import { traffic } from '../traffic.ts';
import type { RoundChart } from './round-chart.ts';

type Rounds = readonly RoundSummary[];

const numbers = (rounds: Rounds) => rounds.map(({ round }) => round);

/**
 * Loss on the left axis (held out, and training dashed), accuracy by the name that it has in the task on the right,
 * that of the median participant dotted. What an operator has tested stands beside it.
 */
export function learningChart(rounds: Rounds, task: TaskName, tests: RunView['tests'] = []): RoundChart {
  const name = metricTitle(task);
  const tested = rounds.map(({ round }) => tests.find((t) => t.round === round) ?? null);
  return {
    rounds: numbers(rounds),
    left: { name: 'loss', format: score, from: 'values' },
    right: { name: name.toLowerCase(), format: (v) => percent(v), from: 0, max: 1 },
    lines: [
      { name: 'Held-out loss', values: rounds.map((r) => r.loss), color: 'accent', axis: 'left' },
      {
        name: 'Training loss',
        values: rounds.map((r) => r.trainLoss),
        color: 'quiet',
        axis: 'left',
        look: 'dashed',
      },
      { name, values: rounds.map((r) => r.accuracy), color: 'primary', axis: 'right' },
      {
        name: `${name}, median`,
        values: rounds.map((r) => r.medianAccuracy),
        color: 'primary',
        axis: 'right',
        look: 'dotted',
      },
      ...(tested.some((test) => test !== null)
        ? ([
            {
              name: 'Loss, test',
              values: tested.map((test) => test?.loss ?? null),
              color: 'accent',
              axis: 'left',
              look: 'dotted',
            },
            {
              name: `${name}, test`,
              values: tested.map((test) => test?.accuracy ?? null),
              color: 'primary',
              axis: 'right',
              look: 'dashed',
            },
          ] as const)
        : []),
    ],
  };
}

/** Cumulative bytes, beside what training every layer would have moved. */
export function trafficChart(rounds: Rounds): RoundChart {
  const points = traffic(rounds);
  return {
    rounds: numbers(rounds),
    left: { name: 'moved so far', format: bytes, from: 0 },
    lines: [
      {
        name: 'If all layers were trained',
        values: points.map((p) => p.full),
        color: 'quiet',
        axis: 'left',
        look: 'filled',
      },
      { name: 'Moved', values: points.map((p) => p.moved), color: 'primary', axis: 'left', look: 'filled' },
    ],
  };
}

/** Where the time of a round goes. */
export function timeChart(rounds: Rounds): RoundChart {
  const of = (take: (s: RoundSummary['seconds']) => number) => rounds.map((r) => take(r.seconds));
  return {
    rounds: numbers(rounds),
    left: { name: 'time a round', format: seconds, from: 0 },
    lines: [
      { name: 'Probe', values: of((s) => s.probing), color: 'quiet', axis: 'left', look: 'dashed' },
      { name: 'Train', values: of((s) => s.training), color: 'primary', axis: 'left' },
      // A round has either of them.
      rounds.some((r) => r.seconds.sealing > 0)
        ? {
            name: 'Seal and send',
            values: of((s) => s.sealing + s.uploading + s.unmasking),
            color: 'accent',
            axis: 'left',
          }
        : { name: 'Evaluate', values: of((s) => s.evaluating), color: 'accent', axis: 'left' },
      {
        name: 'Server',
        values: of((s) => s.selecting + s.aggregating),
        color: 'quiet',
        axis: 'left',
        look: 'dotted',
      },
    ],
  };
}
