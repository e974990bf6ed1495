import { blockLayers } from '../../block-layers.ts';
import type { LayerSpec, ModelLayout } from '../../layout.ts';
import { forLabels, linearTensors, normTensors, optional, table } from '../../tensor-specs.ts';
import { type LayerWork, workOf } from '../../work/layer-work.ts';
import { blocksWork, map, tokenWork } from '../../work/transformer-work.ts';
import type { DistilBertSpec } from './spec.ts';

/** Layers of DistilBERT with a classifier, with the names of transformers' DistilBertForSequenceClassification. */
export function distilBertLayout(spec: DistilBertSpec, classes: number): ModelLayout {
  const { vocabulary, maxTokens, dim, depth } = spec;
  const embeddings = 'distilbert.embeddings';
  return {
    layers: [
      {
        name: 'embed',
        role: 'embed',
        tensors: [
          table(`${embeddings}.word_embeddings.weight`, vocabulary, dim),
          table(`${embeddings}.position_embeddings.weight`, maxTokens, dim),
          ...normTensors(`${embeddings}.LayerNorm`, dim),
        ],
      },
      ...Array.from({ length: depth }, (_, index) => block(spec, index)).flat(),
      {
        name: 'head',
        role: 'head',
        tensors: [
          ...optional(linearTensors('pre_classifier', dim, dim)),
          ...forLabels(linearTensors('classifier', dim, classes)),
        ],
      },
    ],
  };
}

function block({ dim, mlp, granularity }: DistilBertSpec, index: number): LayerSpec[] {
  const prefix = `distilbert.transformer.layer.${index}`;
  return blockLayers(
    granularity,
    index,
    [
      ...['q_lin', 'k_lin', 'v_lin', 'out_lin'].flatMap((name) =>
        linearTensors(`${prefix}.attention.${name}`, dim, dim),
      ),
      ...normTensors(`${prefix}.sa_layer_norm`, dim),
    ],
    [
      ...linearTensors(`${prefix}.ffn.lin1`, dim, mlp),
      ...linearTensors(`${prefix}.ffn.lin2`, mlp, dim),
      ...normTensors(`${prefix}.output_layer_norm`, dim),
    ],
  );
}

export function distilBertWork(spec: DistilBertSpec, classes: number, tokens: number): LayerWork[] {
  const { dim } = spec;
  return [
    tokenWork(),
    ...blocksWork(spec, tokens, 'post'),
    workOf('head', { first: [map(dim, dim, 1)], others: [map(dim, classes, 1)] }),
  ];
}
