import { expect, it } from 'vitest';
import { guessRate } from './guess.ts';

it('is a coin at epsilon 0, e / (1 + e) at 1, and nearly certain at 8', () => {
  expect(guessRate(0, 0)).toBe(0.5);
  expect(guessRate(0, 0.1)).toBeCloseTo(0.55, 12);
  expect(guessRate(1, 0)).toBeCloseTo(0.7310585786, 9);
  expect(guessRate(8, 1e-3)).toBeCloseTo(0.999665, 5);
  expect(guessRate(1000, 1e-3)).toBe(1);
});
