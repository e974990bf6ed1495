import { encoderAlone, opensWith } from '../../hub/transformers.ts';
import { defineArchitecture } from '../define.ts';
import { gpt2Layout, gpt2Work } from './layout.ts';
import { type Gpt2Spec, gpt2Spec } from './spec.ts';

export const gpt2 = defineArchitecture<Gpt2Spec>({
  name: 'gpt2',
  title: 'GPT-2',
  text: 'Pre-norm causal Transformer. It predicts the next token by its embedding table, or classifies from its last token.',
  source: 'Radford et al., “Language Models are Unsupervised Multitask Learners”, 2019',
  kind: 'text',
  heads: ['classification', 'next-token'],
  // No separator that it has learned, no kinds of segments.
  pairs: false,
  layout: gpt2Layout,
  work: gpt2Work,
  transformers: {
    modelTypes: ['gpt2'],
    tokenizers: { gpt2: 'GPT2Tokenizer' },
    read: gpt2Spec,
    dialects: () => encoderAlone('transformer.'),
    // Buffers, what other tasks classify with, and the embedding table once more.
    unused: () => [
      /^(?:transformer\.)?h\.\d+\.attn\.(?:bias|masked_bias)$/,
      /^(?:qa_outputs|classifier|score|multiple_choice_head\.summary)\.(?:weight|bias)$/,
      /^lm_head\.weight$/,
    ],
    // The next token is told by the embedding table; a file with another map beside it is another model.
    twins: ({ head }): Readonly<Record<string, string>> =>
      head === 'next-token' ? { 'lm_head.weight': 'transformer.wte.weight' } : {},
    // Without it transformers cannot tell where a padded text ends.
    config: ({ padToken }, found) => ({ ...found, pad_token_id: padToken }),
    className: ({ head }) => (head === 'next-token' ? 'GPT2LMHeadModel' : 'GPT2ForSequenceClassification'),
  },
  usage: ({ head }) =>
    opensWith(head === 'next-token' ? 'AutoModelForCausalLM' : 'AutoModelForSequenceClassification'),
});
