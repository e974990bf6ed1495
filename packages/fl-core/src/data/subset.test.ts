import { describe, expect, test } from 'vitest';
import { classCounts } from './class-counts.ts';
import { subset } from './subset.ts';
import { numberedImages, numberedTexts } from './testing.ts';

describe('subset', () => {
  test('takes pixels, labels and the given split in the order asked for', () => {
    const data = { ...numberedImages([0, 1, 2]), heldOut: Uint8Array.of(0, 0, 1) };
    const part = subset(data, [2, 0]);
    expect([...part.pixels]).toEqual([...new Array(12).fill(2), ...new Array(12).fill(0)]);
    expect([...part.labels]).toEqual([2, 0]);
    expect([...(part.heldOut ?? [])]).toEqual([1, 0]);
    expect(part.side).toBe(2);
  });

  test('takes tokens of texts and invents no split', () => {
    const part = subset(numberedTexts([3, 4, 5]), [1]);
    expect(part.tokens.map((t) => [...t])).toEqual([[2, 2, 2, 2]]);
    expect('heldOut' in part).toBe(false);
  });

  test.each([-1, 3, 0.5, Number.NaN])('refuses index %s', (index) => {
    expect(() => subset(numberedTexts([3, 4, 5]), [index])).toThrow(RangeError);
  });
});

describe('classCounts', () => {
  test('counts every class, those without samples too', () => {
    expect(classCounts(numberedImages([0, 2, 2, 0, 2]), 4)).toEqual([2, 0, 3, 0]);
  });

  test('refuses a label outside the classes', () => {
    expect(() => classCounts(numberedImages([0, 4]), 4)).toThrow('class 4');
  });
});
