import { expect, test } from 'vitest';
import { letters } from './testing.ts';
import { toTextDataset } from './text-dataset.ts';

test('toTextDataset cuts to the maximum and gives an empty text one unknown token', () => {
  const data = toTextDataset(['abc', 'a', ' '], [2, 0, 1], letters, 2);
  expect(data.tokens).toEqual([Int32Array.of(97, 98), Int32Array.of(97), Int32Array.of(0)]);
  expect(data.labels).toEqual(Int32Array.of(2, 0, 1));
});

test('toTextDataset refuses labels that do not belong to the texts', () => {
  expect(() => toTextDataset(['a'], [0, 1], letters, 2)).toThrow(RangeError);
});
