import { encoderLayers } from '../../encoder/layout.ts';
import type { ModelLayout } from '../../layout.ts';
import { forLabels, linearTensors, optional } from '../../tensor-specs.ts';
import { type LayerWork, workOf } from '../../work/layer-work.ts';
import { blocksWork, map, tokenWork } from '../../work/transformer-work.ts';
import type { RobertaSpec } from './spec.ts';

/** Layers of (XLM-)RoBERTa with a classifier, with the names of transformers' RobertaForSequenceClassification. */
export function robertaLayout(spec: RobertaSpec, classes: number): ModelLayout {
  return {
    layers: [
      // Positions begin after that of the padding token.
      ...encoderLayers('roberta', spec, spec.maxTokens + spec.padToken + 1),
      {
        name: 'head',
        role: 'head',
        tensors: [
          ...optional(linearTensors('classifier.dense', spec.dim, spec.dim)),
          ...forLabels(linearTensors('classifier.out_proj', spec.dim, classes)),
        ],
      },
    ],
  };
}

export function robertaWork(spec: RobertaSpec, classes: number, tokens: number): LayerWork[] {
  const { dim } = spec;
  return [
    tokenWork(),
    ...blocksWork(spec, tokens, 'post'),
    workOf('head', { first: [map(dim, dim, 1)], others: [map(dim, classes, 1)] }),
  ];
}
