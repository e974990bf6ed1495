import { encoderLayers } from '../../encoder/layout.ts';
import type { ModelLayout } from '../../layout.ts';
import { forLabels, linearTensors, optional } from '../../tensor-specs.ts';
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
