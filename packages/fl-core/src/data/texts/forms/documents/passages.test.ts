import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batches } from '../../../batches.ts';
import { range } from '../../../testing.ts';
import { cutPassages, toPassageDataset } from './passages.ts';

/** Documents whose every token is a number of its own, so that a mix-up shows. */
function numberedDocuments(lengths: readonly number[]): Int32Array[] {
  let next = 1;
  return lengths.map((length) => Int32Array.from({ length }, () => next++));
}

describe('passages', () => {
  test('overlap by one token', () => {
    const ids = Int32Array.from(range(8));
    expect(cutPassages(ids, 4).map((p) => [...p])).toEqual([
      [0, 1, 2, 3],
      [3, 4, 5, 6],
      [6, 7],
    ]);
    expect(cutPassages(ids.subarray(0, 7), 4)).toHaveLength(2);
    expect(cutPassages(ids.subarray(0, 1), 4)).toEqual([]);
    expect(cutPassages(ids.subarray(0, 0), 4)).toEqual([]);
  });

  test('any documents: each token but the first is a target exactly once, none across documents', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 60 }), { maxLength: 8 }),
        fc.integer({ min: 2, max: 20 }),
        fc.integer({ min: 1, max: 5 }),
        fc.nat(),
        (lengths, passage, batchSize, seed) => {
          const documents = numberedDocuments(lengths);
          const dataset = toPassageDataset(documents, passage);
          expect(dataset.tokens.every(({ length }) => length >= 2 && length <= passage)).toBe(true);
          const expected = documents.flatMap((ids) =>
            range(ids.length - 1 > 0 ? ids.length - 1 : 0).map((t) => [ids[t]!, ids[t + 1]!]),
          );
          const found: number[][] = [];
          for (const batch of batches(dataset, { batchSize, seed })) {
            if (batch.kind !== 'text' || batch.targets.kind !== 'next-tokens') throw new Error('next tokens');
            const { ids } = batch.targets;
            ids.forEach((target, i) => {
              if (target !== -1) found.push([batch.ids[i]!, target]);
            });
          }
          expect(found.sort(([a = 0], [b = 0]) => a - b)).toEqual(expected);
        },
      ),
    );
  });

  test('keep the split of their documents', () => {
    const { tokens, heldOut } = toPassageDataset(numberedDocuments([5, 1, 3]), 3, Uint8Array.of(0, 1, 1));
    expect(tokens.map((p) => [...p])).toEqual([
      [1, 2, 3],
      [3, 4, 5],
      [7, 8, 9],
    ]);
    expect([...(heldOut ?? [])]).toEqual([0, 0, 1]);
  });

  test.each([1, 0, 2.5, Number.NaN])('of %s tokens are refused', (length) => {
    expect(() => cutPassages(Int32Array.of(1, 2), length)).toThrow(RangeError);
  });
});
