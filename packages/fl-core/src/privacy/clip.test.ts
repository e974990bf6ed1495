import { describe, expect, it } from 'vitest';
import { random } from '../random.ts';
import { Length } from './clip.ts';

const lengthOf = (...pieces: readonly ArrayLike<number>[]): Length => {
  const length = new Length();
  for (const piece of pieces) length.add(piece);
  return length;
};

describe('the length of values', () => {
  it('is their L2 norm', () => {
    expect(lengthOf([]).value).toBe(0);
    expect(lengthOf([3], [], [-4]).value).toBe(5);
    expect(lengthOf([1, 2], [2, 4, 10, 10]).value).toBe(15);
    expect(lengthOf([1, 2, 2, 4, 10], [10]).squares).toBe(225);
  });

  it('is the same to the last bit however they are cut', () => {
    const draws = random('length');
    const values = Float32Array.from({ length: 1003 }, () => 10 ** (6 * draws.uniform() - 3));
    const whole = lengthOf(values);
    // In another order of additions; every square is positive, so that each rounds by 2^-53 of the sum at most.
    const sum = [...values].sort((a, b) => a - b).reduce((s, v) => s + v * v, 0);
    expect(Math.abs(whole.squares / sum - 1)).toBeLessThan(2 * 1003 * 2 ** -53);
    for (let i = 0; i < 50; i++) {
      const cuts = [0, ...Array.from({ length: i % 9 }, () => Math.floor(1004 * draws.uniform())), 1003];
      const at = cuts.sort((a, b) => a - b);
      const pieces = at.slice(1).map((end, k) => values.subarray(at[k], end));
      expect(lengthOf(...pieces).squares).toBe(whole.squares);
    }
  });
});
