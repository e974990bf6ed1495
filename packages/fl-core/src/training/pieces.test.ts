import { expect, it } from 'vitest';
import { batches } from '../data/batches.ts';
import { labelsOf } from '../data/testing.ts';
import { piecesOf } from './pieces.ts';
import { toyData } from './testing.ts';
import { textData } from './testing-models.ts';

it('cuts images and texts into pieces that make up the batch', () => {
  const [image] = batches(toyData(7, 1, 4), { batchSize: 7 });
  const [text] = batches(textData(7), { batchSize: 7 });
  for (const batch of [image!, text!]) {
    const pieces = piecesOf(batch, 3);
    expect(pieces.map((p) => p.size)).toEqual([3, 3, 1]);
    expect(pieces.flatMap((p) => [...labelsOf(p)])).toEqual([...labelsOf(batch)]);
    const values = (b: typeof batch) => [...(b.kind === 'image' ? b.pixels : b.ids)];
    expect(pieces.flatMap(values)).toEqual(values(batch));
    expect(piecesOf(batch, 7)).toEqual([batch]);
  }
  if (text?.kind !== 'text') throw new TypeError('not a text');
  const lengths = piecesOf(text, 2).flatMap((p) => (p.kind === 'text' ? [p.length, ...p.lengths] : []));
  const { length, lengths: l } = text;
  expect(lengths).toEqual([length, l[0], l[1], length, l[2], l[3], length, l[4], l[5], length, l[6]]);
  expect(() => piecesOf(text, 0)).toThrow(RangeError);
});
