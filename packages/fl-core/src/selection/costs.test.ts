import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StrataError } from '../error.ts';
import {
  costsInBytes,
  costsInLayers,
  costsInMilliseconds,
  fillTime,
  roundTime,
  type StepTimes,
  timeBudget,
} from './costs.ts';

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

  it('in milliseconds are exact for one layer', () => {
    const costs = costsInMilliseconds(times, 2);
    costs.forEach((cost, l) => {
      expect(cost).toBe(roundTime(times, [l], 2) - roundTime(times, [], 2));
    });
  });

  const millis = fc.array(fc.double({ min: 0.1, max: 50, noNaN: true }), { minLength: 6, maxLength: 6 });

  it('in milliseconds never let a mask within the budget be late, before or after filling', () => {
    fc.assert(
      fc.property(
        millis,
        millis,
        fc.subarray([0, 1, 2, 3, 4, 5]),
        fc.double({ min: 0, max: 900, noNaN: true }),
        (passing, training, wanted, deadline) => {
          const measured = { base: 20, passing, training };
          const costs = costsInMilliseconds(measured, 3);
          const budget = timeBudget(measured, deadline, 3);
          const mask: number[] = [];
          let spent = 0;
          for (const l of wanted) {
            if (spent + costs[l]! > budget) continue;
            spent += costs[l]!;
            mask.push(l);
          }
          fc.pre(deadline >= roundTime(measured, [], 3)); // else nobody can be in time
          expect(roundTime(measured, mask, 3)).toBeLessThanOrEqual(deadline * (1 + 1e-9));
          const filled = fillTime(measured, mask, [1, 1, 1, 1, 1, 1], deadline, 3);
          expect(filled).toEqual(expect.arrayContaining(mask));
          expect(roundTime(measured, filled, 3)).toBeLessThanOrEqual(deadline * (1 + 1e-9));
        },
      ),
    );
  });

  it('leave room that filling uses: layers on the way down come cheap', () => {
    // l1 alone: 14 + 6 = 20 beyond the base; l3 on its way adds 9 only
    expect(fillTime(times, [1], [0, 1, 1, 1], 10 + 20 + 9, 1)).toEqual([1, 2]); // l2 adds 7 only
    expect(fillTime(times, [1], [0, 0, 0, 1], 10 + 20 + 9, 1)).toEqual([1, 3]);
  });

  it('leave no budget where the base alone is late', () => {
    expect(timeBudget(times, 15, 2)).toBe(0);
    expect(timeBudget(times, 25, 2)).toBe(5);
  });
});
