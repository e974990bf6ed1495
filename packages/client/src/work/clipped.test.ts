import { Length } from '@strata/fl-core/privacy';
import { expect, it } from 'vitest';
import { clipped } from './clipped.ts';

const update = () => [
  { name: 'a', shape: [2], data: Float32Array.of(3, 0) },
  { name: 'b', shape: [1], data: Float32Array.of(4) },
];
const lengthOf = (tensors: ReturnType<typeof clipped>) => {
  const length = new Length();
  for (const { data } of tensors) length.add(data);
  return length.value;
};

it('an update leaves the device no longer than the clip as a whole, in its own direction', () => {
  const short = clipped(update(), 1);
  expect(lengthOf(short)).toBeLessThanOrEqual(1 + 1e-7);
  expect(short.map((t) => [...t.data].map((v) => Math.round(1e6 * v)))).toEqual([[600_000, 0], [800_000]]);
});

it('one within the clip, one of zeros, and those of runs without differential privacy stay as they are', () => {
  expect(clipped(update(), 6)).toEqual(update());
  const zeros = [{ name: 'a', shape: [1], data: new Float32Array(1) }];
  expect(clipped(zeros, 1)).toEqual([{ name: 'a', shape: [1], data: Float32Array.of(0) }]);
  expect(clipped(update(), null)).toEqual(update());
});
