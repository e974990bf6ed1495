import { expect, it } from 'vitest';
import { palettes } from '../../../shared/palette.ts';
import { percent, score } from '../../../shared/texts/format.ts';
import { type RoundChart, roundChartOption, roundChartRows, roundChartText } from './round-chart.ts';

const chart: RoundChart = {
  rounds: [4, 5, 6],
  left: { name: 'loss', format: score, from: 'values' },
  right: { name: 'accuracy', format: (v) => percent(v), from: 0, max: 1 },
  lines: [
    { name: 'Loss', values: [2.420325994491577, 3, 1], color: 'accent', axis: 'left' },
    { name: 'Accuracy', values: [null, 0.3198, null], color: 'primary', axis: 'right', look: 'dotted' },
    { name: 'Median', values: [null, null, null], color: 'primary', axis: 'right' },
  ],
};

it('names its axes, and formats what stands beside them', () => {
  const { xAxis, yAxis } = roundChartOption(chart, palettes.light);
  expect(xAxis).toMatchObject({ name: 'round', data: ['4', '5', '6'] });
  expect(yAxis).toMatchObject([
    { name: 'loss', scale: true, axisLabel: { formatter: score } },
    { name: 'accuracy', min: 0, max: 1 },
  ]);
});

it('says in a tooltip what is known of the round, as the axes say it', () => {
  const { tooltip } = roundChartOption(chart, palettes.light);
  const formatter: unknown = [tooltip].flat()[0]?.formatter;
  if (typeof formatter !== 'function') throw new Error('no formatter');
  expect(formatter([{ dataIndex: 0 }, { dataIndex: 0 }])).toBe('Round 4\nLoss: 2.42\nAccuracy: –\nMedian: –');
  expect(formatter([{ dataIndex: 1 }])).toBe('Round 5\nLoss: 3\nAccuracy: 32.0 %\nMedian: –');
});

it('draws a line on its axis, in its look', () => {
  expect(roundChartOption(chart, palettes.dark).series).toMatchObject([
    { data: [2.420325994491577, 3, 1], yAxisIndex: 0, lineStyle: { color: palettes.dark.accent } },
    { yAxisIndex: 1, lineStyle: { type: 'dotted' } },
    { yAxisIndex: 1 },
  ]);
});

it('tells in words what it shows, and nothing of a line without values', () => {
  expect(roundChartText('Progress', chart)).toBe(
    'Progress by round. Loss: from 2.42 in round 4 to 1 in round 6; lowest 1, highest 3. Accuracy: 32.0 % in round 5.',
  );
});

it('goes home with every digit', () => {
  expect(roundChartRows(chart)).toEqual([
    ['round', 'Loss', 'Accuracy', 'Median'],
    [4, 2.420325994491577, null, null],
    [5, 3, 0.3198, null],
    [6, 1, null, null],
  ]);
});
