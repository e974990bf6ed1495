import { z } from 'zod';
import { commonOf, divides, PadToken, padWithin, type SpecOptions } from '../../config/fields.ts';
import { type EncoderSpec, encoderFields, encoderSizes } from '../../encoder/config.ts';

/** BERT (Devlin et al., arXiv 1810.04805); MiniLM (Wang et al., arXiv 2002.10957) is one. */
export interface BertSpec extends EncoderSpec {
  readonly architecture: 'bert';
}

/** `config.json` of transformers' BERT. */
const BertConfig = z
  .object({ model_type: z.literal('bert'), ...encoderFields, pad_token_id: PadToken.default(0) })
  .superRefine((c, context) => {
    divides(context, c.hidden_size, c.num_attention_heads);
    padWithin(context, c.pad_token_id, c.vocab_size);
  });

export function bertSpec(config: unknown, options: SpecOptions): BertSpec {
  const c = BertConfig.parse(config);
  return {
    ...commonOf(options, 'BERT text encoder'),
    ...encoderSizes(c),
    architecture: 'bert',
    maxTokens: c.max_position_embeddings,
  };
}
