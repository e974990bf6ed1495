import { describe, expect, it } from 'vitest';
import { flopsOf } from './flops.ts';
import { sizes } from './size.ts';
import { blocksOf } from './weights.ts';
import { type Selection, selectionsOf, vitSpec, type Workload, workloadsOf } from './workload.ts';

/** 5 tokens of width 2, in two blocks. */
const tiny: Workload = {
  name: 'tiny',
  spec: vitSpec('tiny', { dim: 2, depth: 2, heads: 1, mlp: 4, patch: 1 }, 2),
  batch: 1,
  classes: 3,
  size: 2,
};
const selection = (blocks: number[], warm = false): Selection => ({
  name: '',
  layers: [...blocks.map((i) => `blocks.${i}`), 'head'],
  warm,
});

describe('flopsOf', () => {
  // Worked by hand. A block: qkv 2*5*2*6 = 120, its other linear maps 2*5*(4 + 8 + 8) = 200, attention 2*2*5*5*2 = 200.
  // Patches: 2*4*3*2 = 48. Head: 2*2*3 = 12.
  const forward = 48 + 2 * 520 + 12;

  it('counts everything for all blocks', () => {
    // Gradients by inputs: 120 + 200 + 2*200 a block, and the head's. The first qkv's, too: a trained norm stands before.
    const inputs = 2 * 720 + 12;
    expect(flopsOf(tiny, selection([0, 1]))).toBe(forward + inputs + 2 * 320 + 12);
  });

  it('goes back only to the shallowest trained block', () => {
    const back = 720 + 12 + 320 + 12;
    expect(flopsOf(tiny, selection([1]))).toBe(forward + back);
    expect(flopsOf(tiny, selection([1], true))).toBe(forward - 48 - 520 + back);
  });

  it('counts no gradient by the kernels of a block that is only passed', () => {
    expect(flopsOf(tiny, selection([0, 1])) - flopsOf(tiny, selection([0]))).toBe(320);
  });
});

it.each(sizes.flatMap((size) => workloadsOf(size)))('knows every layer of $name', (workload) => {
  const [full, ...parts] = selectionsOf(blocksOf(workload), blocksOf(workload));
  const all = flopsOf(workload, full!);
  // About three times a forward pass, which is what training the head alone takes at the least.
  const forward = flopsOf(workload, { name: '', layers: ['head'], warm: false });
  expect(all / forward).toBeGreaterThan(2.4);
  expect(all / forward).toBeLessThan(3.1);
  for (const part of parts) expect(flopsOf(workload, part)).toBeLessThan(all);
  // A layer whose name is not in the table would cost nothing.
  for (const layer of blocksOf(workload)) {
    const without = full!.layers.filter((l) => l !== layer);
    expect(flopsOf(workload, { ...full!, layers: without }), layer).toBeLessThan(all);
  }
});
