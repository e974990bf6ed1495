import { describe, expect, it } from 'vitest';
import { plannedRows } from './plan.ts';

describe('plannedRows', () => {
  it('names every row of a model, in the order in which they come', () => {
    const rows = plannedRows({ size: 'small', parts: ['steps', 'limits'], models: ['small ViT'] }, true);
    expect(rows.map(({ part, what }) => `${part}: ${what}`)).toEqual([
      'limit: copy',
      'step: small ViT, full',
      'step: small ViT, top-2',
      'step: small ViT, bottom-2',
      'step: small ViT, blocks.3, warm cache',
      'kernels: small ViT',
    ]);
  });

  it('expects no kernels where the device tells no times', () => {
    const kernels = (timestamps: boolean) =>
      plannedRows({ size: 'card' }, timestamps).filter(({ part }) => part === 'kernels').length;
    expect(kernels(true)).toBe(4);
    expect(kernels(false)).toBe(0);
  });
});
