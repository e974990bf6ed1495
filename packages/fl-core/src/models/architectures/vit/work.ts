import { type LayerWork, workOf } from '../../work/layer-work.ts';
import { blocksWork, map, patchesOf, patchWork } from '../../work/transformer-work.ts';
import { tokenNames } from './layout.ts';
import type { VitSpec } from './spec.ts';

export function vitWork(spec: VitSpec, classes: number, side: number): LayerWork[] {
  const patches = patchesOf(side, spec.patch);
  return [
    patchWork(spec.dim, spec.patch, patches),
    ...blocksWork(spec, tokenNames(spec).length + patches, 'pre'),
    workOf('head', { others: [map(spec.dim, classes, 1)] }),
  ];
}
