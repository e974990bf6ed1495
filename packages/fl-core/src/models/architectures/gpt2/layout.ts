import { blockLayers } from '../../block-layers.ts';
import type { LayerSpec, ModelLayout, TensorSpec } from '../../layout.ts';
import { fanIn, forLabels, normTensors, table } from '../../tensor-specs.ts';
import { type LayerWork, workOf } from '../../work/layer-work.ts';
import { blocksWork, map, tokenWork } from '../../work/transformer-work.ts';
import type { Gpt2Spec } from './spec.ts';

/** GPT-2 as layers, with the names of transformers' GPT2LMHeadModel and GPT2ForSequenceClassification. */

/** GPT-2 keeps its kernels [in, out]. */
const kernelTensors = (prefix: string, inputs: number, outputs: number): TensorSpec[] => [
  { name: `${prefix}.weight`, shape: [inputs, outputs], initial: fanIn(inputs) },
  { name: `${prefix}.bias`, shape: [outputs] },
];

/**
 * Next-token prediction has no tensors of its own but the last norm: the head is the embedding table, which stays
 * frozen with its layer `embed`.
 */
export function gpt2Layout(spec: Gpt2Spec, classes: number): ModelLayout {
  const { vocabulary, maxTokens, dim, depth } = spec;
  return {
    layers: [
      {
        name: 'embed',
        role: 'embed',
        tensors: [
          table('transformer.wte.weight', vocabulary, dim),
          table('transformer.wpe.weight', maxTokens, dim),
        ],
      },
      ...Array.from({ length: depth }, (_, index) => block(spec, index)).flat(),
      {
        name: 'head',
        role: 'head',
        tensors: [...normTensors('transformer.ln_f', dim), ...outputTensors(spec, classes)],
      },
    ],
  };
}

function outputTensors({ head, dim }: Gpt2Spec, classes: number): TensorSpec[] {
  switch (head) {
    case 'next-token':
      return [];
    case 'classification':
      return forLabels([{ name: 'score.weight', shape: [classes, dim], initial: fanIn(dim) }]);
    default:
      return head satisfies never;
  }
}

function block({ dim, mlp, granularity }: Gpt2Spec, index: number): LayerSpec[] {
  const prefix = `transformer.h.${index}`;
  return blockLayers(
    granularity,
    index,
    [
      ...normTensors(`${prefix}.ln_1`, dim),
      ...kernelTensors(`${prefix}.attn.c_attn`, dim, 3 * dim),
      ...kernelTensors(`${prefix}.attn.c_proj`, dim, dim),
    ],
    [
      ...normTensors(`${prefix}.ln_2`, dim),
      ...kernelTensors(`${prefix}.mlp.c_fc`, dim, mlp),
      ...kernelTensors(`${prefix}.mlp.c_proj`, mlp, dim),
    ],
  );
}

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
