import type { PassageDataset } from '../../../datasets/index.ts';

/**
 * Cuts the tokens of one document into passages that overlap by one token, so that each token but the first is the
 * next one of another exactly once.
 *
 * @param length tokens of a passage, 2 or more; the last one may have fewer, but never fewer than 2.
 * @returns views of `ids`; none for a document of fewer than 2 tokens.
 * @throws RangeError for a shorter length.
 */
export function cutPassages(ids: Int32Array, length: number): Int32Array[] {
  if (!(Number.isInteger(length) && length >= 2)) throw new RangeError(`passages of ${length} tokens`);
  const passages: Int32Array[] = [];
  for (let start = 0; start + 1 < ids.length; start += length - 1) {
    passages.push(ids.subarray(start, start + length));
  }
  return passages;
}

/** Documents as passages, none of which reaches from one document into the next. */
export function toPassageDataset(
  documents: readonly Int32Array[],
  length: number,
  heldOut?: Uint8Array,
): PassageDataset {
  const cut = documents.map((ids) => cutPassages(ids, length));
  return {
    kind: 'passages',
    tokens: cut.flat(),
    ...(heldOut ? { heldOut: Uint8Array.from(cut.flatMap((of, i) => of.map(() => heldOut[i]!))) } : {}),
  };
}
