import { encoderAlone, opensWith } from '../../hub/transformers.ts';
import { defineArchitecture } from '../define.ts';
import { distilBertLayout, distilBertWork } from './layout.ts';
import { type DistilBertSpec, distilBertSpec } from './spec.ts';

export const distilbert = defineArchitecture<DistilBertSpec>({
  name: 'distilbert',
  title: 'DistilBERT',
  text: 'A BERT of half the depth without segments and pooler, classified from its first token by two maps.',
  source: 'Sanh et al., “DistilBERT”, arXiv 1910.01108',
  kind: 'text',
  heads: ['classification'],
  pairs: true,
  layout: distilBertLayout,
  work: distilBertWork,
  transformers: {
    modelTypes: ['distilbert'],
    tokenizers: { distilbert: 'BertTokenizer' },
    read: distilBertSpec,
    dialects: () => encoderAlone('distilbert.'),
    // What pretraining and other tasks classify with, and a buffer.
    unused: () => [
      /^vocab_(?:transform|layer_norm|projector)\.(?:weight|bias)$/,
      /^(?:qa_outputs|classifier)\.(?:weight|bias)$/,
      /^(?:distilbert\.)?embeddings\.position_ids$/,
    ],
    className: () => 'DistilBertForSequenceClassification',
  },
  usage: () => opensWith('AutoModelForSequenceClassification'),
});
