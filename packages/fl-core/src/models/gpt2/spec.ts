import type { CommonSpec, TextInput, TransformerSize } from '../common-spec.ts';

/** GPT-2 (Radford et al., 2019): a causal Transformer. */
export interface Gpt2Spec extends CommonSpec, TextInput, TransformerSize {
  readonly architecture: 'gpt2';
  /** `next-token`: the head is the embedding table again. `classification`: a linear map of the last token. */
  readonly task: 'next-token' | 'classification';
  readonly padToken: number;
  /** Stands behind the last token of a text; absent where the vocabulary has no such token. */
  readonly endOfText?: number;
}
