import { expect, it } from 'vitest';
import { lambdaAt, positionOf } from './lambda.ts';

it('spans 0 to 10 and gives the small values most of the way', () => {
  expect(lambdaAt(0)).toBe(0);
  expect(lambdaAt(1)).toBe(10);
  expect(lambdaAt(0.5)).toBeLessThan(1);
});

it('finds its way back within the rounding of the value', () => {
  for (const lambda of [0, 0.1, 0.5, 1, 3, 10]) expect(lambdaAt(positionOf(lambda))).toBeCloseTo(lambda, 10);
  expect(positionOf(1e6)).toBe(1);
});
