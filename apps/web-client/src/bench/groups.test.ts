import type { StepRow } from '@strata/gpu-bench';
import { describe, expect, it } from 'vitest';
import { stepsByModel, topKernels } from './groups.ts';

const step = (model: string, selection: string, ms: number, flops: number): StepRow => ({
  part: 'step',
  by: 'strata',
  model,
  selection,
  flops,
  ms,
  fastestMs: ms,
  jsMs: 1,
  compileMs: 0,
  dispatches: 10,
  peakBytes: 1000,
  firstLoss: 2,
  losses: [2],
});

describe('stepsByModel', () => {
  it('sets every step beside the full one of its model', () => {
    const [vit, bert] = stepsByModel([
      step('ViT', 'full', 100, 300),
      step('ViT', 'top-2', 40, 90),
      step('BERT', 'top-2', 7, 10),
    ]);
    expect(vit?.steps.map(({ timeShare, workShare, width }) => [timeShare, workShare, width])).toEqual([
      [1, 1, 1],
      [0.4, 0.3, 0.4],
    ]);
    expect(bert?.steps).toMatchObject([{ timeShare: null, workShare: null, width: 1 }]);
  });
});

describe('topKernels', () => {
  const row = {
    part: 'kernels',
    model: 'ViT',
    selection: 'full',
    ms: 10,
    kernels: [
      { label: 'matMul', ms: 6, dispatches: 3 },
      { label: 'gelu', ms: 3, dispatches: 2 },
      { label: 'add', ms: 1, dispatches: 4 },
    ],
  } as const;

  it('names the largest and sums the others', () => {
    expect(topKernels(row, 1)).toEqual([
      { label: 'matMul', ms: 6, dispatches: 3, share: 0.6 },
      { label: '2 others', ms: 4, dispatches: 6, share: 0.4 },
    ]);
    expect(topKernels(row, 3).map(({ label }) => label)).toEqual(['matMul', 'gelu', 'add']);
  });

  it('divides by no time at all', () => {
    expect(topKernels({ ...row, ms: 0 }, 1)[0]?.share).toBe(0);
  });
});
