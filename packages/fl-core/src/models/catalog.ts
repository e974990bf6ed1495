import type { ModelId } from '../protocol/run.ts';

/** The models a run can start from: constants only. */
export type ModelSpec = TextModelSpec | ImageModelSpec;

interface CommonSpec {
  readonly id: ModelId;
  readonly title: string;
  readonly description: string;
  readonly licence: string;
}

/** Universal Sentence Encoder Lite, Transformer variant (Cer et al., arXiv 1803.11175). */
export interface TextModelSpec extends CommonSpec {
  readonly architecture: 'use-lite';
  readonly kind: 'text';
  /** Pieces of the tokenizer; the embedding table has two rows more. */
  readonly vocabulary: number;
  readonly maxTokens: number;
  /** Width of the token embeddings, which is also that of the first block's attention. */
  readonly embedding: number;
  /** Width of everything after the first attention. */
  readonly dim: number;
  readonly depth: number;
  readonly heads: number;
  readonly mlp: number;
  readonly layerNormEps: number;
}

/** Vision Transformer (Dosovitskiy et al., arXiv 2010.11929), timm's parameter names. */
export interface ImageModelSpec extends CommonSpec {
  readonly architecture: 'vit';
  readonly kind: 'image';
  readonly dim: number;
  readonly depth: number;
  readonly heads: number;
  readonly mlp: number;
  readonly patch: number;
  /** Input side in pixels that the position embeddings were trained for. */
  readonly pretrainedSide: number;
  readonly defaultSide: number;
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  readonly layerNormEps: number;
  /** `random`: seeded initial weights, nothing is fetched. */
  readonly weights: 'pretrained' | 'random';
}

const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;

export interface Catalog extends Readonly<Record<ModelId, ModelSpec>> {
  readonly 'use-lite': TextModelSpec;
  readonly 'deit-tiny': ImageModelSpec;
  readonly 'vit-nano': ImageModelSpec;
}

export const catalog: Catalog = {
  'use-lite': {
    id: 'use-lite',
    architecture: 'use-lite',
    kind: 'text',
    title: 'Universal Sentence Encoder Lite',
    description:
      'English text, 2 Transformer blocks, 7.0 M parameters; attention and feed-forward are layers of their own.',
    licence: 'Apache-2.0',
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
    dim: 192,
    depth: 12,
    heads: 3,
    mlp: 768,
    patch: 16,
    pretrainedSide: 224,
    defaultSide: 64,
    ...imagenet,
    layerNormEps: 1e-6,
    weights: 'pretrained',
  },
  'vit-nano': {
    id: 'vit-nano',
    architecture: 'vit',
    kind: 'image',
    title: 'ViT nano (untrained)',
    description:
      'A very small Vision Transformer with random initial weights: for slow devices and for tests.',
    licence: 'Apache-2.0',
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
    weights: 'random',
  },
};
