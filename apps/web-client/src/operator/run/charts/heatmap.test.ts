import { expect, it } from 'vitest';
import { palettes } from '../../../shared/palette.ts';
import { layers, roundSummary } from '../../testing/views.ts';
import { drawnCells, heatmapRows, importanceOption } from './heatmap.ts';
import { importanceMatrix } from './importance.ts';

const matrix = importanceMatrix(
  [
    roundSummary(4, { importance: { 'block.0': 1, 'block.1': 3 } }),
    roundSummary(5, { importance: { 'block.0': 2, 'block.1': 2 } }),
  ],
  layers,
  'share',
);

it('places the cells by round and layer and carries their exact values', () => {
  const option = importanceOption(matrix, 5, palettes.light);
  const [heatmap] = [option.series ?? []].flat();
  const picked = { borderColor: palettes.light.accent };
  expect(heatmap?.data).toMatchObject([
    { value: [0, 0, expect.any(Number), 1] },
    { value: [0, 1, 1, 3] },
    { value: [1, 0, expect.any(Number), 2], itemStyle: picked },
    { value: [1, 1, expect.any(Number), 2], itemStyle: picked },
  ]);
});

it('draws the picked round last, so that its outline is whole', () => {
  expect(drawnCells(matrix, 4).map((cell) => cell.round)).toEqual([5, 5, 4, 4]);
  expect(drawnCells(matrix, null)).toEqual(matrix.cells);
});

it('goes home as a row a round', () => {
  expect(heatmapRows(matrix)).toEqual([
    ['round', 'block.0', 'block.1'],
    [4, 1, 3],
    [5, 2, 2],
  ]);
});
