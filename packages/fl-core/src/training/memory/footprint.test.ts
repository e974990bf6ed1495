import { expect, it } from 'vitest';
import type { Batch } from '../../models/batch.ts';
import { classTargets } from '../../models/targets.ts';
import { measureFootprint } from './footprint.ts';

const batch = (size: number): Batch => ({
  kind: 'image',
  size,
  side: 1,
  pixels: new Uint8Array(3 * size),
  targets: classTargets(new Int32Array(size)),
});

it('tries twice as many samples only where they are sure to fit', () => {
  const tried: number[] = [];
  const measure = (size: number, room: number) =>
    measureFootprint(batch(size), room, (piece) => {
      tried.push(piece.size);
      return 100 + 10 * piece.size;
    });
  expect(measure(8, 240)).toEqual([
    { samples: 1, bytes: 110 },
    { samples: 2, bytes: 120 },
    { samples: 4, bytes: 140 },
  ]);
  expect(measure(8, 239)).toEqual([
    { samples: 1, bytes: 110 },
    { samples: 2, bytes: 120 },
    { samples: 4, bytes: 240 },
  ]);
  expect(measure(3, 1)).toEqual([
    { samples: 1, bytes: 110 },
    { samples: 2, bytes: 220 },
  ]);
  expect(tried).toEqual([1, 2, 4, 1, 2, 1]);
});
