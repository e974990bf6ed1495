import { z } from 'zod';
import { commonOf, divides, PadToken, padWithin, type SpecOptions } from '../../config/fields.ts';
import { type EncoderSpec, encoderFields, encoderSizes } from '../../encoder/config.ts';

/**
 * RoBERTa (Liu et al., arXiv 1907.11692) and XLM-RoBERTa (Conneau et al., arXiv 1911.02116). Positions are counted
 * from the one after the padding token.
 */
export interface RobertaSpec extends EncoderSpec {
  readonly architecture: 'roberta';
}

/** `config.json` of transformers' RoBERTa and XLM-RoBERTa. */
const RobertaConfig = z
  .object({
    model_type: z.enum(['roberta', 'xlm-roberta']),
    ...encoderFields,
    pad_token_id: PadToken.default(1),
  })
  .superRefine((c, context) => {
    divides(context, c.hidden_size, c.num_attention_heads);
    padWithin(context, c.pad_token_id, c.vocab_size);
    if (c.max_position_embeddings < c.pad_token_id + 2) {
      context.addIssue({
        code: 'custom',
        path: ['max_position_embeddings'],
        message: `${c.max_position_embeddings} positions leave no room after pad_token_id ${c.pad_token_id}`,
      });
    }
  });

export function robertaSpec(config: unknown, options: SpecOptions): RobertaSpec {
  const c = RobertaConfig.parse(config);
  return {
    ...commonOf(options, c.model_type === 'roberta' ? 'RoBERTa text encoder' : 'XLM-RoBERTa text encoder'),
    ...encoderSizes(c),
    architecture: 'roberta',
    maxTokens: c.max_position_embeddings - c.pad_token_id - 1,
  };
}
