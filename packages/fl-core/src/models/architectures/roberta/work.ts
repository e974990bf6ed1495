import { type LayerWork, workOf } from '../../work/layer-work.ts';
import { blocksWork, map, tokenWork } from '../../work/transformer-work.ts';
import type { RobertaSpec } from './spec.ts';

export function robertaWork(spec: RobertaSpec, classes: number, tokens: number): LayerWork[] {
  const { dim } = spec;
  return [
    tokenWork(),
    ...blocksWork(spec, tokens, 'post'),
    workOf('head', { first: [map(dim, dim, 1)], others: [map(dim, classes, 1)] }),
  ];
}
