import { z } from 'zod';
import type { Head } from '../../../tasks/index.ts';
import type { CommonSpec, TextInput, TransformerSize } from '../../common-spec.ts';
import {
  Activation,
  Count,
  commonFields,
  commonOf,
  Depth,
  divides,
  Epsilon,
  only,
  PadToken,
  padWithin,
  type SpecOptions,
  sameUnderOtherName,
} from '../../config/fields.ts';

/** GPT-2 (Radford et al., 2019): a causal Transformer. */
export interface Gpt2Spec extends CommonSpec, TextInput, TransformerSize {
  readonly architecture: 'gpt2';
  /** `next-token`: the head is the embedding table again. `classification`: a linear map of the last token. */
  readonly head: Head;
  readonly padToken: number;
}

/** `config.json` of transformers' GPT-2. */
const Gpt2Config = z
  .looseObject({
    ...commonFields,
    model_type: z.literal('gpt2'),
    architectures: z.array(z.string()).nullish(),
    vocab_size: Count,
    n_embd: Count,
    n_layer: Depth,
    n_head: Count,
    n_positions: Count,
    n_inner: Count.nullish(),
    activation_function: Activation,
    layer_norm_epsilon: Epsilon,
    pad_token_id: PadToken.nullish(),
    eos_token_id: PadToken.nullish(),
    scale_attn_weights: only(true),
    scale_attn_by_inverse_layer_idx: only(false),
    tie_word_embeddings: only(true),
  })
  .superRefine((c, context) => {
    divides(context, c.n_embd, c.n_head);
    padWithin(context, c.pad_token_id, c.vocab_size);
    sameUnderOtherName(context, c, {
      n_embd: 'hidden_size',
      n_head: 'num_attention_heads',
      n_layer: 'num_hidden_layers',
      n_positions: 'max_position_embeddings',
    });
  });

export function gpt2Spec(config: unknown, options: SpecOptions): Gpt2Spec {
  const c = Gpt2Config.parse(config);
  const classifies = c.architectures?.includes('GPT2ForSequenceClassification') ?? false;
  return {
    ...commonOf(options, 'GPT-2 causal language model'),
    architecture: 'gpt2',
    kind: 'text',
    head: options.head ?? (classifies ? 'classification' : 'next-token'),
    vocabulary: c.vocab_size,
    maxTokens: c.n_positions,
    // GPT-2 was trained without padding; the end of a text, which is in none, stands for it.
    ...(c.eos_token_id != null && c.eos_token_id < c.vocab_size ? { endOfText: c.eos_token_id } : {}),
    padToken: c.pad_token_id ?? c.eos_token_id ?? 0,
    dim: c.n_embd,
    depth: c.n_layer,
    heads: c.n_head,
    mlp: c.n_inner ?? 4 * c.n_embd,
    layerNormEps: c.layer_norm_epsilon,
    activation: c.activation_function,
  };
}
