import { encoderOfOldNorms, opensWith } from '../../hub/transformers.ts';
import { defineArchitecture } from '../define.ts';
import { robertaLayout, robertaWork } from './layout.ts';
import { type RobertaSpec, robertaSpec } from './spec.ts';

export const roberta = defineArchitecture<RobertaSpec>({
  name: 'roberta',
  title: 'RoBERTa, XLM-RoBERTa',
  text: 'BERT’s encoder, positions counted behind the padding token, classified from its first token by two maps; the second one reads a hundred languages.',
  source: 'Liu et al., “RoBERTa”, arXiv 1907.11692; Conneau et al., “XLM-RoBERTa”, arXiv 1911.02116',
  kind: 'text',
  heads: ['classification'],
  pairs: true,
  layout: robertaLayout,
  work: robertaWork,
  transformers: {
    modelTypes: ['roberta', 'xlm-roberta'],
    tokenizers: { roberta: 'RobertaTokenizer', 'xlm-roberta': 'XLMRobertaTokenizer' },
    read: robertaSpec,
    dialects: () => encoderOfOldNorms('roberta.'),
    // What pretraining and other tasks classify with, a pooler that only the bare encoder has, and a buffer.
    unused: () => [
      /^lm_head\./,
      /^(?:qa_outputs|classifier)\.(?:weight|bias)$/,
      /^(?:roberta\.)?pooler\.dense\.(?:weight|bias)$/,
      /^(?:roberta\.)?embeddings\.position_ids$/,
    ],
    className: (_, { model_type }) =>
      model_type === 'roberta' ? 'RobertaForSequenceClassification' : 'XLMRobertaForSequenceClassification',
  },
  usage: () => opensWith('AutoModelForSequenceClassification'),
});
