import { encoderLayers } from '../../encoder/layout.ts';
import type { ModelLayout } from '../../layout.ts';
import { forLabels, linearTensors, optional } from '../../tensor-specs.ts';
import { type LayerWork, workOf } from '../../work/layer-work.ts';
import { blocksWork, map, tokenWork } from '../../work/transformer-work.ts';
import type { BertSpec } from './spec.ts';

/** Layers of BERT with a classifier, with the names of transformers' BertForSequenceClassification. */
export function bertLayout(spec: BertSpec, classes: number): ModelLayout {
  return {
    layers: [
      ...encoderLayers('bert', spec, spec.maxTokens),
      {
        name: 'head',
        role: 'head',
        tensors: [
          // Files of a masked language model have no pooler.
          ...optional(linearTensors('bert.pooler.dense', spec.dim, spec.dim)),
          ...forLabels(linearTensors('classifier', spec.dim, classes)),
        ],
      },
    ],
  };
}

export function bertWork(spec: BertSpec, classes: number, tokens: number): LayerWork[] {
  const { dim } = spec;
  return [
    tokenWork(),
    ...blocksWork(spec, tokens, 'post'),
    workOf('head', { first: [map(dim, dim, 1)], others: [map(dim, classes, 1)] }),
  ];
}
