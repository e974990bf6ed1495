import type { ModelId } from '../protocol/run.ts';
import type { UseLiteSpec } from './architectures/use-lite/spec.ts';
import type { VitSpec } from './architectures/vit/spec.ts';

const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;

export interface Catalog extends Readonly<Record<ModelId, UseLiteSpec | VitSpec>> {
  readonly 'use-lite': UseLiteSpec;
  readonly 'deit-tiny': VitSpec;
  readonly 'vit-mini': VitSpec;
  readonly 'vit-nano': VitSpec;
}

/** The built-in models: constants only. */
export const catalog: Catalog = {
  'use-lite': {
    id: 'use-lite',
    architecture: 'use-lite',
    kind: 'text',
    title: 'Universal Sentence Encoder Lite',
    description:
      'English text, 2 Transformer blocks, 7.0 M parameters; attention and feed-forward are layers of their own.',
    licence: 'Apache-2.0',
    granularity: 'sublayer',
    vocabulary: 8000,
    maxTokens: 128,
    embedding: 256,
    dim: 512,
    depth: 2,
    heads: 4,
    mlp: 1536,
    layerNormEps: 1e-6,
  },
  'deit-tiny': {
    id: 'deit-tiny',
    architecture: 'vit',
    kind: 'image',
    title: 'DeiT-tiny',
    description: 'Vision Transformer pretrained on ImageNet-1k, 12 blocks, 5.7 M parameters.',
    licence: 'Apache-2.0',
    granularity: 'block',
    tokens: 'class',
    activation: 'gelu',
    dim: 192,
    depth: 12,
    heads: 3,
    mlp: 768,
    patch: 16,
    pretrainedSide: 224,
    defaultSide: 64,
    ...imagenet,
    layerNormEps: 1e-6,
  },
  // As models/vit-mini/pretrain/vit.py trained it.
  'vit-mini': {
    id: 'vit-mini',
    architecture: 'vit',
    kind: 'image',
    title: 'ViT mini',
    description: 'A small Vision Transformer pretrained on icons and clip art, 6 blocks, 1.2 M parameters.',
    licence: 'Apache-2.0',
    granularity: 'block',
    tokens: 'class',
    activation: 'gelu',
    dim: 128,
    depth: 6,
    heads: 4,
    mlp: 512,
    patch: 8,
    pretrainedSide: 48,
    defaultSide: 48,
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
    layerNormEps: 1e-6,
  },
  'vit-nano': {
    id: 'vit-nano',
    architecture: 'vit',
    kind: 'image',
    title: 'ViT nano (untrained)',
    description:
      'A very small Vision Transformer with random initial weights: for slow devices and for tests.',
    licence: 'Apache-2.0',
    granularity: 'block',
    tokens: 'class',
    activation: 'gelu',
    dim: 32,
    depth: 4,
    heads: 2,
    mlp: 64,
    patch: 16,
    pretrainedSide: 32,
    defaultSide: 32,
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
    layerNormEps: 1e-6,
  },
};
