import { z } from 'zod';
import type { CommonSpec, TextInput, TransformerSize } from '../../common-spec.ts';
import {
  Activation,
  Count,
  commonFields,
  commonOf,
  Depth,
  divides,
  PadToken,
  padWithin,
  type SpecOptions,
  sameUnderOtherName,
} from '../../config/fields.ts';

/** DistilBERT (Sanh et al., arXiv 1910.01108): a BERT of half the depth without segments and pooler. */
export interface DistilBertSpec extends CommonSpec, TextInput, TransformerSize {
  readonly architecture: 'distilbert';
  readonly padToken: number;
}

/** `config.json` of transformers' DistilBERT. Sinusoidal positions are saved as a table like learned ones. */
const DistilBertConfig = z
  .looseObject({
    ...commonFields,
    model_type: z.literal('distilbert'),
    vocab_size: Count,
    dim: Count,
    n_layers: Depth,
    n_heads: Count,
    hidden_dim: Count,
    activation: Activation,
    max_position_embeddings: Count,
    pad_token_id: PadToken.default(0),
  })
  .superRefine((c, context) => {
    divides(context, c.dim, c.n_heads);
    padWithin(context, c.pad_token_id, c.vocab_size);
    sameUnderOtherName(context, c, {
      dim: 'hidden_size',
      n_heads: 'num_attention_heads',
      n_layers: 'num_hidden_layers',
    });
  });

/** A constant of transformers' modeling_distilbert.py. */
const layerNormEps = 1e-12;

export function distilBertSpec(config: unknown, options: SpecOptions): DistilBertSpec {
  const c = DistilBertConfig.parse(config);
  return {
    ...commonOf(options, 'DistilBERT text encoder'),
    architecture: 'distilbert',
    kind: 'text',
    vocabulary: c.vocab_size,
    maxTokens: c.max_position_embeddings,
    padToken: c.pad_token_id,
    dim: c.dim,
    depth: c.n_layers,
    heads: c.n_heads,
    mlp: c.hidden_dim,
    layerNormEps,
    activation: c.activation,
  };
}
