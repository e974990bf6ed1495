import { describe, expect, it } from 'vitest';
import { agreement } from '../run/masks.ts';
import { exampleLayers, exampleMasks } from './example.ts';

const masks = (rows: ReturnType<typeof exampleMasks>) =>
  rows.map((row) => row.cells.flatMap((cell, i) => (cell.chosen ? [String(i)] : [])));
const overlap = (lambda: number) =>
  agreement(
    masks(exampleMasks({ name: 'strata', lambda, lambdaScale: 'relative' }, 2)).map((mask) => ({ mask })),
  );

describe('the example on the form', () => {
  it('shows all layers chosen by full', () => {
    expect(masks(exampleMasks({ name: 'full' }, 2)).map((m) => m.length)).toEqual(
      Array(5).fill(exampleLayers),
    );
  });

  it('keeps the budget', () => {
    for (const mask of masks(exampleMasks({ name: 'gradient-norm' }, 3))) expect(mask).toHaveLength(3);
  });

  it('goes from everyone’s own best to one common set as lambda grows, which is what it is there to show', () => {
    expect(masks(exampleMasks({ name: 'strata', lambda: 0, lambdaScale: 'relative' }, 2))).toEqual(
      masks(exampleMasks({ name: 'gradient-norm' }, 2)),
    );
    expect(overlap(0)).toBeLessThan(0.5);
    expect(overlap(100)).toBe(1);
  });
});
