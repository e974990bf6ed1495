import { type LayerWork, workOf } from '../../work/layer-work.ts';
import { attentionWork, map, tokenWork } from '../../work/transformer-work.ts';
import { blockInput } from './layout.ts';
import type { UseLiteSpec } from './spec.ts';

export function useLiteWork(spec: UseLiteSpec, classes: number, tokens: number): LayerWork[] {
  const { dim, mlp, depth } = spec;
  const blocks = Array.from({ length: depth }, (_, index) => {
    const width = blockInput(spec, index);
    return [
      workOf(`block${index}.attention`, {
        // The one map that no norm stands before: a block that changes the width projects its residual.
        first: width === dim ? [] : [map(width, dim, tokens)],
        others: [map(width, 3 * width, tokens), map(width, dim, tokens)],
        attention: attentionWork(tokens, width),
      }),
      workOf(`block${index}.feedforward`, { others: [map(dim, mlp, tokens), map(mlp, dim, tokens)] }),
    ];
  });
  return [
    tokenWork(),
    ...blocks.flat(),
    workOf('pooling', { first: [map(dim, dim, 1)] }),
    workOf('head', { first: [map(dim, classes, 1)] }),
  ];
}
