import { expect, it } from 'vitest';
import { roundSummary } from '../../testing/views.ts';
import { effectiveClients, solverGap, solverRecord } from './rounds.ts';

const solved = (objective: number, bound: number, proved: boolean) => ({
  objective,
  bound,
  proved,
  lambda: 1,
});

it('sums the effective numbers of participants up over the layers that somebody trained', () => {
  expect(effectiveClients({ effectiveClients: { a: 0, b: 1, c: 3.5, d: 1.5 } })).toEqual({
    mean: 2,
    fewest: 1,
  });
  expect(effectiveClients({ effectiveClients: { a: 0 } })).toBeNull();
  expect(effectiveClients({ effectiveClients: {} })).toBeNull();
});

it('measures how much better masks could be at most', () => {
  expect(solverGap({ solved: solved(90, 100, false) })).toBeCloseTo(0.1, 12);
  expect(solverGap({ solved: solved(100, 100.000001, true) })).toBe(0);
  expect(solverGap({ solved: solved(0, 0, false) })).toBe(0);
  expect(solverGap({ solved: null })).toBeNull();
});

it('gives the solver’s record, of the rounds in which it had a say', () => {
  const rounds = [
    roundSummary(1, { solved: solved(1, 1, true) }),
    roundSummary(2),
    roundSummary(3, { solved: solved(90, 100, false) }),
  ];
  expect(solverRecord(rounds)).toBe('proved best in 1 of 2, else within 10 %');
  expect(solverRecord(rounds.slice(0, 2))).toBe('proved best in 1 of 1');
  expect(solverRecord([roundSummary(1)])).toBeNull();
});
