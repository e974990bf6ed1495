import { expect, it } from 'vitest';
import { roundSummary } from '../testing/views.ts';
import { saving, traffic } from './traffic.ts';

it('adds both directions up over the rounds', () => {
  const rounds = [roundSummary(1), roundSummary(2, { bytesDown: 0, bytesUp: 100, bytesFullExchange: 4000 })];
  expect(traffic(rounds)).toEqual([
    { round: 1, sent: 1500, full: 6000 },
    { round: 2, sent: 1600, full: 10_000 },
  ]);
  expect(saving(rounds)).toBeCloseTo(0.84, 12);
});

it('has no saving before a byte could have been saved, and a negative one when more was sent', () => {
  expect(saving([])).toBeNull();
  expect(saving([roundSummary(1, { bytesFullExchange: 0 })])).toBeNull();
  expect(saving([roundSummary(1, { bytesFullExchange: 750 })])).toBe(-1);
});
