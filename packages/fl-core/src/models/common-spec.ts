import type { Head } from '../tasks/index.ts';
/** What the specs of all architectures share. */

export interface CommonSpec {
  /** Of the catalog, or where the model came from (`owner/name` on the Hub, a folder's name). */
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly licence: string;
  readonly granularity: Granularity;
}

/** The spec of a model whose architecture is not known yet. */
export interface AnySpec extends CommonSpec {
  /** Name of its architecture, which tells what else the spec says. */
  readonly architecture: string;
  readonly kind: 'image' | 'text';
}

/** Whether a Transformer block is one layer, or its attention and its feed-forward half are layers of their own. */
export type Granularity = 'block' | 'sublayer';

/** Of the feed-forward half: `gelu` is exact, `gelu-tanh` GPT-2's approximation, `quick-gelu` CLIP's. */
export type ActivationFunction = 'gelu' | 'gelu-tanh' | 'quick-gelu' | 'relu';

/** Transformer blocks that are all alike. */
export interface TransformerSize {
  /** D, a multiple of `heads`. */
  readonly dim: number;
  readonly depth: number;
  readonly heads: number;
  /** Width of the feed-forward half. */
  readonly mlp: number;
  readonly layerNormEps: number;
  readonly activation: ActivationFunction;
}

/** Images cut into square patches. */
export interface ImageInput {
  readonly kind: 'image';
  /** Side of a patch in pixels. */
  readonly patch: number;
  /** Input side in pixels that the position embeddings were trained for, a multiple of `patch`. */
  readonly pretrainedSide: number;
  readonly defaultSide: number;
  /** Of each channel of RGB in [0, 1]. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** Token ids of one vocabulary. */
export interface TextInput {
  readonly kind: 'text';
  readonly vocabulary: number;
  /** Longest text, in tokens. */
  readonly maxTokens: number;
  /** What the head is for; absent: classification, the only thing that it can be for. */
  readonly head?: Head;
  /** Stands behind the last token of a text; absent where the vocabulary has no such token. */
  readonly endOfText?: number;
}
