import { encoderOfOldNorms, opensWith } from '../../hub/transformers.ts';
import { defineArchitecture } from '../define.ts';
import { bertLayout, bertWork } from './layout.ts';
import { type BertSpec, bertSpec } from './spec.ts';

export const bert = defineArchitecture<BertSpec>({
  name: 'bert',
  title: 'BERT',
  text: 'Post-norm Transformer over tokens, positions and segments, classified from its pooled first token; MiniLM is one.',
  source: 'Devlin et al., “BERT”, arXiv 1810.04805',
  kind: 'text',
  heads: ['classification'],
  pairs: true,
  layout: bertLayout,
  work: bertWork,
  transformers: {
    modelTypes: ['bert'],
    tokenizers: { bert: 'BertTokenizer' },
    read: bertSpec,
    dialects: () => encoderOfOldNorms('bert.'),
    // What pretraining and other tasks classify with, and a buffer.
    unused: () => [
      /^cls\./,
      /^(?:qa_outputs|classifier)\.(?:weight|bias)$/,
      /^(?:bert\.)?embeddings\.position_ids$/,
    ],
    className: () => 'BertForSequenceClassification',
  },
  usage: () => opensWith('AutoModelForSequenceClassification'),
});
