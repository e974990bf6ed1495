import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { classCounts } from '../class-counts.ts';
import {
  numberedImages,
  numberedPairs,
  numberedPassages,
  numberedSets,
  numberedTexts,
  range,
} from '../testing.ts';
import { viewOf } from './index.ts';
import { subset } from './subset.ts';

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

  test('any indices: segments, flags and passages stay with their texts', () => {
    const lengths = fc.array(fc.integer({ min: 2, max: 9 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(lengths, fc.array(fc.nat(), { maxLength: 40 }), (of, wanted) => {
        const indices = wanted.map((i) => i % of.length);
        const [pairs, sets, passages] = [numberedPairs(of), numberedSets(of), numberedPassages(of)];
        const heldOut = Uint8Array.from(of, (_, i) => i % 2);
        const somePairs = subset({ ...pairs, heldOut }, indices);
        expect(somePairs.tokens).toEqual(indices.map((i) => pairs.tokens[i]));
        expect(somePairs.segments).toEqual(indices.map((i) => pairs.segments![i]));
        expect([...somePairs.heldOut!]).toEqual(indices.map((i) => i % 2));
        const someSets = subset({ ...sets, heldOut }, indices);
        expect(someSets.tokens).toEqual(indices.map((i) => sets.tokens[i]));
        expect([...someSets.flags]).toEqual(
          indices.flatMap((i) => [...sets.flags.subarray(3 * i, 3 * i + 3)]),
        );
        expect([...someSets.heldOut!]).toEqual(indices.map((i) => i % 2));
        const somePassages = subset({ ...passages, heldOut }, indices);
        expect(somePassages.tokens).toEqual(indices.map((i) => passages.tokens[i]));
        expect([...somePassages.heldOut!]).toEqual(indices.map((i) => i % 2));
      }),
    );
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

  test('a text of several classes counts for each, one of none for none, and passages have none', () => {
    // Samples 0 to 5 have the classes of their bits: none, 0, 1, 0 and 1, 2, 0 and 2.
    expect(classCounts(numberedSets([2, 2, 2, 2, 2, 2]), 3)).toEqual([3, 2, 2]);
    expect(classCounts(numberedPassages([2, 2]), 3)).toEqual([0, 0, 0]);
    expect(classCounts(numberedPassages([2, 2]), 0)).toEqual([]);
  });

  test('refuses a set with more classes than there are', () => {
    expect(() => classCounts(numberedSets([2, 2]), 0)).toThrow('class 0');
  });
});

describe('strata', () => {
  test('is the class, the rarest of several, one more class for none, the same for all passages', () => {
    expect([...viewOf(numberedPairs([2, 3, 4, 5])).strata()]).toEqual([0, 1, 2, 0]);
    // Class 0 of three samples, classes 1 and 2 of two: of classes as rare the lower.
    expect([...viewOf(numberedSets([2, 2, 2, 2, 2, 2])).strata()]).toEqual([3, 0, 1, 1, 2, 2]);
    expect([...viewOf(numberedPassages([2, 3, 4])).strata()]).toEqual([0, 0, 0]);
  });

  test('any sets: the stratum is a class of the sample that no other of its classes is rarer than', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.nat({ max: 40 }), (classes, count) => {
        const sets = numberedSets(
          range(count).map(() => 2),
          classes,
        );
        const counts = classCounts(sets, classes);
        viewOf(sets)
          .strata()
          .forEach((stratum, i) => {
            const own = range(classes).filter((c) => sets.flags[i * classes + c] === 1);
            if (own.length === 0) expect(stratum).toBe(classes);
            else {
              expect(own).toContain(stratum);
              expect(counts[stratum]).toBe(Math.min(...own.map((c) => counts[c]!)));
            }
          });
      }),
    );
  });
});
