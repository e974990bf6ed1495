import { type LayerWork, workOf } from '../../work/layer-work.ts';
import { blocksWork, map, tokenWork } from '../../work/transformer-work.ts';
import type { BertSpec } from './spec.ts';

export function bertWork(spec: BertSpec, classes: number, tokens: number): LayerWork[] {
  const { dim } = spec;
  return [
    tokenWork(),
    ...blocksWork(spec, tokens, 'post'),
    workOf('head', { first: [map(dim, dim, 1)], others: [map(dim, classes, 1)] }),
  ];
}
