import { defineArchitecture } from '../define.ts';
import { useLiteLayout, useLiteWork } from './layout.ts';
import type { UseLiteSpec } from './spec.ts';

export const useLite = defineArchitecture<UseLiteSpec>({
  name: 'use-lite',
  title: 'Universal Sentence Encoder Lite',
  text: 'Pre-norm Transformer, mean over tokens and a sentence embedding of unit length. It comes with the npm package of TensorFlow.js, not from the Hub.',
  source: 'Cer et al., “Universal Sentence Encoder”, arXiv 1803.11175',
  kind: 'text',
  heads: ['classification'],
  // No separator that it has learned, no kinds of segments.
  pairs: false,
  layout: useLiteLayout,
  work: useLiteWork,
  usage: () =>
    'The sentence encoder is no architecture of transformers. `load_strata.py` beside this file runs it in PyTorch (the classes `SentenceEncoder` and `SentencePiece`): `python load_strata.py . texts.csv` says its accuracy on a table with the columns `text` and `label`.',
});
