import { describe, expect, it } from 'vitest';
import { StrataError } from '../error.ts';
import {
  costsInBytes,
  costsInLayers,
  costsInMilliseconds,
  roundTime,
  type StepTimes,
  timeBudget,
} from './costs.ts';
import { maskCost } from './mask-cost.ts';

const times: StepTimes = { base: 10, passing: [1, 2, 4, 8], training: [5, 6, 7, 9] };

describe('roundTime', () => {
  it('is the depth that the mask reaches plus what its layers add', () => {
    expect(roundTime(times, [], 3)).toBe(30);
    expect(roundTime(times, [3], 1)).toBe(10 + 8 + 9);
    expect(roundTime(times, [1], 1)).toBe(10 + (2 + 4 + 8) + 6);
    expect(roundTime(times, [3, 1], 2)).toBe(2 * (10 + (2 + 4 + 8) + 6 + 9));
  });
});

describe('costs', () => {
  it('in layers and bytes', () => {
    expect(costsInLayers(3)).toEqual([1, 1, 1]);
    expect(costsInBytes([4, 8])).toEqual([4, 8]);
    expect(() => costsInBytes([4, 0])).toThrow(StrataError);
  });

  it('in milliseconds are the way down, and what the layers add', () => {
    const costs = costsInMilliseconds(times, 2);
    expect(costs).toEqual({ costs: [10, 12, 14, 18], reach: [30, 28, 24, 16] });
    expect(maskCost(costs, [1, 3])).toBe(roundTime(times, [1, 3], 2) - roundTime(times, [], 2));
  });

  it('leave no budget where the base alone is late', () => {
    expect(timeBudget(times, 15, 2)).toBe(0);
    expect(timeBudget(times, 25, 2)).toBe(5);
  });
});
