import { encoderLayers } from '../../encoder/layout.ts';
import type { ModelLayout } from '../../layout.ts';
import { forLabels, linearTensors, optional } from '../../tensor-specs.ts';
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
