import type { LayerSpec, ModelLayout, TensorSpec } from '../../layout.ts';
import { fanIn, forLabels } from '../../tensor-specs.ts';
import { type LayerWork, workOf } from '../../work/layer-work.ts';
import { attentionWork, map, tokenWork } from '../../work/transformer-work.ts';
import type { UseLiteSpec } from './spec.ts';

/**
 * Universal Sentence Encoder Lite as layers: attention and feed-forward of each block are selectable on their
 * own, and so is the tanh projection that makes the sentence embedding (`pooling`).
 * `kernel` tensors are [in, out].
 */

/** Width of a block's input; the first block widens the embeddings to the model's width. */
export const blockInput = (spec: UseLiteSpec, block: number): number =>
  block === 0 ? spec.embedding : spec.dim;

function linear(prefix: string, inputs: number, outputs: number): TensorSpec[] {
  return [
    { name: `${prefix}.kernel`, shape: [inputs, outputs], initial: fanIn(inputs) },
    { name: `${prefix}.bias`, shape: [outputs] },
  ];
}

function layerNorm(prefix: string, width: number): TensorSpec[] {
  return [
    { name: `${prefix}.gamma`, shape: [width], initial: { kind: 'ones' } },
    { name: `${prefix}.beta`, shape: [width] },
  ];
}

function block(spec: UseLiteSpec, index: number): LayerSpec[] {
  const width = blockInput(spec, index);
  const prefix = `layers.${index}`;
  return [
    {
      name: `block${index}.attention`,
      role: 'block',
      tensors: [
        ...layerNorm(`${prefix}.ln1`, width),
        ...linear(`${prefix}.attn.qkv`, width, 3 * width),
        ...linear(`${prefix}.attn.out`, width, spec.dim),
        // Only a block that changes the width projects its residual.
        ...(width === spec.dim ? [] : linear(`${prefix}.residual`, width, spec.dim)),
      ],
    },
    {
      name: `block${index}.feedforward`,
      role: 'block',
      tensors: [
        ...layerNorm(`${prefix}.ln2`, spec.dim),
        ...linear(`${prefix}.ffn.fc1`, spec.dim, spec.mlp),
        ...linear(`${prefix}.ffn.fc2`, spec.mlp, spec.dim),
      ],
    },
  ];
}

/** Layers of the encoder with a linear classifier of `classes` outputs on the sentence embedding. */
export function useLiteLayout(spec: UseLiteSpec, classes: number): ModelLayout {
  return {
    layers: [
      {
        name: 'embed',
        role: 'embed',
        tensors: [
          {
            name: 'embeddings.weight',
            shape: [spec.vocabulary + 2, spec.embedding],
            initial: fanIn(spec.embedding),
          },
          { name: 'pos.inv_freq', shape: [spec.embedding / 2], initial: { kind: 'inverse-frequencies' } },
        ],
      },
      ...Array.from({ length: spec.depth }, (_, index) => block(spec, index)).flat(),
      { name: 'pooling', role: 'block', tensors: linear('head.tanh', spec.dim, spec.dim) },
      {
        name: 'head',
        role: 'head',
        tensors: forLabels(linear('head', spec.dim, classes)),
      },
    ],
  };
}

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
