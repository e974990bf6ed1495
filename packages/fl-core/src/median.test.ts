import { expect, it } from 'vitest';
import { lowerMedian, median } from './median.ts';

it('takes the middle; of an even number the mean of two, or for bounds the lower', () => {
  expect([median([]), lowerMedian([])]).toEqual([null, null]);
  expect([median([10, 9, 1]), lowerMedian([10, 9, 1])]).toEqual([9, 9]); // by value, not by text
  expect([median([4, 1, 3, 1e9]), lowerMedian([4, 1, 3, 1e9])]).toEqual([3.5, 3]);
  expect([median([7]), lowerMedian([7])]).toEqual([7, 7]);
});
