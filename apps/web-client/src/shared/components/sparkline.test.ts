import { expect, it } from 'vitest';
import { fitted, sparklinePath } from './sparkline.ts';

it('spans the box, with 1 at the top', () => {
  expect(sparklinePath([0, 0.5, 1], 96, 20)).toBe('M0 20L48 10L96 0');
});

it('clips what is outside of [0, 1] and survives a single value', () => {
  expect(sparklinePath([1.5], 96, 20)).toBe('M0 0');
});

it('fits numbers of any size into the box, with room below', () => {
  expect(fitted([2, 8, 5]).map((value) => Math.round(6 * value))).toEqual([1, 6, 4]);
  expect(fitted([3, 3])).toEqual([0.5, 0.5]);
});
