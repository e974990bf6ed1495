export * from './batches.ts';
export { classCounts } from './class-counts.ts';
export * from './dataset.ts';
export * from './dirichlet.ts';
export * from './domain.ts';
export * from './hold-out.ts';
export { subset } from './subset.ts';
export { createSentencePiece, Vocabulary } from './tokenizer/sentencepiece.ts';
export type { Tokenizer } from './tokenizer/tokenizer.ts';
