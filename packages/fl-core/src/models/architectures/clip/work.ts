import { type LayerWork, workOf } from '../../work/layer-work.ts';
import { blocksWork, map, patchesOf, patchWork } from '../../work/transformer-work.ts';
import type { ClipSpec } from './spec.ts';

export function clipWork(spec: ClipSpec, classes: number, side: number): LayerWork[] {
  const patches = patchesOf(side, spec.patch);
  return [
    patchWork(spec.dim, spec.patch, patches),
    ...blocksWork(spec, 1 + patches, 'pre'),
    headWork(spec, classes),
  ];
}

function headWork({ dim, classified }: ClipSpec, classes: number): LayerWork {
  switch (classified.from) {
    case 'embedding': {
      const { projection } = classified;
      return workOf('head', { others: [map(dim, projection, 1), map(projection, classes, 1)] });
    }
    case 'patches':
      return workOf('head', { first: [map(dim, classes, 1)] });
    default:
      return classified satisfies never;
  }
}
