import { z } from 'zod';
import type { CommonSpec, TextInput, TransformerSize } from '../common-spec.ts';
import { Activation, Count, commonFields, Depth, Epsilon, only, PadToken } from '../config/fields.ts';

/** What the specs of BERT and RoBERTa share. */
export interface EncoderSpec extends CommonSpec, TextInput, TransformerSize {
  /** Kinds of segments: 2 where pairs of texts are told apart. */
  readonly segments: number;
  readonly padToken: number;
}

/** Fields that their `config.json` files share, but for the default of `pad_token_id`. */
export const encoderFields = {
  ...commonFields,
  vocab_size: Count,
  hidden_size: Count,
  num_hidden_layers: Depth,
  num_attention_heads: Count,
  intermediate_size: Count,
  hidden_act: Activation,
  max_position_embeddings: Count,
  type_vocab_size: Count,
  layer_norm_eps: Epsilon,
  pad_token_id: PadToken,
  position_embedding_type: only('absolute'),
  is_decoder: only(false),
};

const EncoderConfig = z.object(encoderFields);

/** What such a file says, but for the number of positions, which architectures count in their own ways. */
export const encoderSizes = (
  c: z.output<typeof EncoderConfig>,
): Omit<EncoderSpec, keyof CommonSpec | 'maxTokens'> => ({
  kind: 'text',
  vocabulary: c.vocab_size,
  segments: c.type_vocab_size,
  padToken: c.pad_token_id,
  dim: c.hidden_size,
  depth: c.num_hidden_layers,
  heads: c.num_attention_heads,
  mlp: c.intermediate_size,
  layerNormEps: c.layer_norm_eps,
  activation: c.hidden_act,
});
