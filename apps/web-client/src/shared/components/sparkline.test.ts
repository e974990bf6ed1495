import { expect, it } from 'vitest';
import { sparklinePath } from './sparkline.ts';

it('spans the box, with 1 at the top', () => {
  expect(sparklinePath([0, 0.5, 1], 96, 20)).toBe('M0 20L48 10L96 0');
});

it('clips what is outside of [0, 1] and survives a single value', () => {
  expect(sparklinePath([1.5], 96, 20)).toBe('M0 0');
});
