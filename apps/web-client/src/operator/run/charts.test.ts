import { expect, it } from 'vitest';
import { palettes } from '../../shared/palette.ts';
import { layers, roundSummary } from '../testing/views.ts';
import { drawnCells, importanceOption, learningOption, trafficOption } from './charts.ts';
import { importanceMatrix } from './importance.ts';

const rounds = [
  roundSummary(4, { medianAccuracy: 0.75, importance: { 'block.0': 1, 'block.1': 3 } }),
  roundSummary(5, {
    importance: { 'block.0': 2, 'block.1': 2 },
    accuracy: null,
    medianAccuracy: null,
    loss: null,
  }),
];

const seriesOf = (option: ReturnType<typeof learningOption>) =>
  [option.series ?? []].flat().map((s) => ({ name: s.name, data: s.data }));

it('draws every round, with a gap where nothing was measured', () => {
  expect(seriesOf(learningOption(rounds, 'classification', palettes.light))).toEqual([
    { name: 'Held-out loss', data: [0.5, null] },
    { name: 'Training loss', data: [0.25, 0.2] },
    { name: 'Accuracy', data: [0.8, null] },
    { name: 'Accuracy, median', data: [0.75, null] },
  ]);
});

it('calls accuracy as the task does', () => {
  expect(seriesOf(learningOption(rounds, 'next-token', palettes.light)).at(-1)?.name).toBe(
    'Next tokens right, median',
  );
});

it('draws cumulative bytes', () => {
  expect(seriesOf(trafficOption(rounds, palettes.light)).map((s) => s.data)).toEqual([
    [6000, 12_000],
    [1500, 3000],
  ]);
});

it('places the cells of the heatmap by round and layer and carries their exact values', () => {
  const option = importanceOption(importanceMatrix(rounds, layers, 'share'), 'share', 5, palettes.light);
  const [heatmap] = [option.series ?? []].flat();
  expect(heatmap?.data).toMatchObject([
    { value: [0, 0, expect.closeTo(1 / 3, 12), 1] },
    { value: [0, 1, 1, 3] },
    { value: [1, 0, expect.closeTo(2 / 3, 12), 2], itemStyle: { borderColor: palettes.light.accent } },
    { value: [1, 1, expect.closeTo(2 / 3, 12), 2], itemStyle: { borderColor: palettes.light.accent } },
  ]);
});

it('draws the picked round last, so that its outline is whole', () => {
  const matrix = importanceMatrix(rounds, layers, 'share');
  expect(drawnCells(matrix, 4).map((cell) => cell.round)).toEqual([5, 5, 4, 4]);
  expect(drawnCells(matrix, null)).toEqual(matrix.cells);
});
