import type { CommonSpec, TextInput } from '../../common-spec.ts';

/** Universal Sentence Encoder Lite, Transformer variant (Cer et al., arXiv 1803.11175). */
export interface UseLiteSpec extends CommonSpec, TextInput {
  readonly architecture: 'use-lite';
  /** The embedding table has two rows more than the vocabulary. */
  readonly vocabulary: number;
  readonly granularity: 'sublayer';
  /** Width of the token embeddings, which is also that of the first block's attention. */
  readonly embedding: number;
  /** Width of everything after the first attention. */
  readonly dim: number;
  readonly depth: number;
  readonly heads: number;
  readonly mlp: number;
  readonly layerNormEps: number;
}
