import { expect, it } from 'vitest';
import { roundSummary } from '../../testing/views.ts';
import { agreementChart, clientsChart, lambdaChart, priceChart, solverChart } from './charts.ts';

const rounds = [
  roundSummary(4, {
    e1: 0.5,
    e2: 0.25,
    agreement: 0.75,
    covered: 0.6,
    effectiveClients: { a: 1, b: 3, c: 0 },
    solved: { objective: 9, bound: 10, proved: false, lambda: 1 },
  }),
  roundSummary(5, { accuracy: null, loss: null }),
];

const charts = [
  { draw: priceChart, series: { E1: [0.5, null], E2: [0.25, null] } },
  { draw: agreementChart, series: { Agreement: [0.75, null], Covered: [0.6, null] } },
  { draw: clientsChart, series: { 'Mean of layers': [2, null], Fewest: [1, null] } },
  { draw: lambdaChart, series: { λ: [1, null] } },
  { draw: solverChart, series: { 'Best possible': [10, null], Masks: [9, null] } },
];

it.each(charts)('$draw.name stands beside the loss, with gaps where nothing is known', ({ draw, series }) => {
  const { lines } = draw(rounds);
  expect(Object.fromEntries(lines.map((line) => [line.name, line.values]))).toEqual({
    ...series,
    'Held-out loss': [0.5, null],
  });
  expect(lines.map((line) => line.axis)).toEqual([...Object.keys(series).map(() => 'left'), 'right']);
});
