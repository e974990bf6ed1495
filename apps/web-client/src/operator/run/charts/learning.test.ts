import { expect, it } from 'vitest';
import { roundSummary } from '../../testing/views.ts';
import { learningChart, timeChart, trafficChart } from './learning.ts';
import type { RoundChart } from './round-chart.ts';

const rounds = [
  roundSummary(4, { medianAccuracy: 0.75 }),
  roundSummary(5, { accuracy: null, medianAccuracy: null, loss: null }),
];

const linesOf = ({ lines }: RoundChart) => lines.map(({ name, values }) => ({ name, values }));

it('draws every round, with a gap where nothing was measured', () => {
  expect(linesOf(learningChart(rounds, 'classification'))).toEqual([
    { name: 'Held-out loss', values: [0.5, null] },
    { name: 'Training loss', values: [0.25, 0.2] },
    { name: 'Accuracy', values: [0.8, null] },
    { name: 'Accuracy, median', values: [0.75, null] },
  ]);
});

it('draws what operators have tested beside it, where they have', () => {
  const test = { round: 5, data: 'ward B', samples: 200, loss: 0.7, accuracy: 0.6, by: 'ada', at: 0 };
  expect(linesOf(learningChart(rounds, 'classification', [test])).slice(4)).toEqual([
    { name: 'Loss, test', values: [null, 0.7] },
    { name: 'Accuracy, test', values: [null, 0.6] },
  ]);
  // That of the model that the run began with has no round here.
  expect(learningChart(rounds, 'classification', [{ ...test, round: 0 }]).lines).toHaveLength(4);
});

it('calls accuracy as the task does', () => {
  expect(linesOf(learningChart(rounds, 'next-token')).at(-1)?.name).toBe('Next tokens right, median');
});

it('draws cumulative bytes', () => {
  expect(linesOf(trafficChart(rounds)).map((line) => line.values)).toEqual([
    [6000, 12_000],
    [1500, 3000],
  ]);
});

it('draws where the time went', () => {
  expect(linesOf(timeChart(rounds)).map(({ name, values }) => [name, values[0]])).toEqual([
    ['Probe', 1],
    ['Train', 5],
    ['Evaluate', 1],
    ['Server', expect.closeTo(0.3, 12)],
  ]);
});

it('draws what sealing takes instead of an evaluation, which such a round does not have', () => {
  const { seconds } = roundSummary(1);
  const sealed = { ...seconds, sealing: 1, uploading: 2, unmasking: 0.5, evaluating: 0 };
  const lines = linesOf(timeChart([roundSummary(1, { seconds: sealed })]));
  expect(lines.find(({ name }) => name === 'Seal and send')?.values).toEqual([3.5]);
  expect(lines.map(({ name }) => name)).not.toContain('Evaluate');
});
