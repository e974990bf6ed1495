import { type LayerWork, workOf } from '../../work/layer-work.ts';
import { blocksWork, map, tokenWork } from '../../work/transformer-work.ts';
import type { Gpt2Spec } from './spec.ts';

export function gpt2Work(spec: Gpt2Spec, classes: number, tokens: number): LayerWork[] {
  return [tokenWork(), ...blocksWork(spec, tokens, 'pre'), headWork(spec, classes, tokens)];
}

function headWork({ head, dim, vocabulary }: Gpt2Spec, classes: number, tokens: number): LayerWork {
  switch (head) {
    case 'next-token':
      // The embedding table again, which stays frozen.
      return workOf('head', { frozen: [map(dim, vocabulary, tokens)] });
    case 'classification':
      return workOf('head', { others: [map(dim, classes, 1)] });
    default:
      return head satisfies never;
  }
}
