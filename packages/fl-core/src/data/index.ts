export * from './archive/unpack.ts';
export * from './batches.ts';
export { classCounts } from './class-counts.ts';
export { withoutClutter } from './clutter.ts';
export * from './datasets/index.ts';
export { subset } from './datasets/subset.ts';
export { partitionDirichlet } from './dirichlet.ts';
export { partitionByDomain } from './domain.ts';
export * from './hold-out.ts';
export * from './image-dataset.ts';
export { type LabelMapping, matchLabels, suggestLabel } from './labels.ts';
export * from './load-sample.ts';
export { folderSplit } from './pictures/folder-labels.ts';
export * from './pictures/image-folder.ts';
export {
  type OpenImage,
  type OpenPicture,
  PictureRefusal,
  type ReducedPicture,
  reducePicture,
} from './pictures/reduce.ts';
export * from './problems.ts';
export { partitionByQuantity } from './quantity.ts';
export * from './raw-samples.ts';
export * from './resize.ts';
export * from './sample-for-task.ts';
export * from './sample-shard.ts';
export * from './samples.ts';
export * from './source-file.ts';
export { toTextDataset } from './text-dataset.ts';
export { namedColumns, type WantedColumns } from './texts/columns/named.ts';
export {
  type ChosenColumns,
  type ColumnChoices,
  type ColumnRole,
  columnRoles,
  type ShownTable,
} from './texts/columns/shown.ts';
export {
  type RawTextSamples,
  type TokenDatasetOptions,
  type TokenLimits,
  toTokenDataset,
} from './texts/forms/index.ts';
export * from './texts/found-labels.ts';
export * from './texts/read-texts.ts';
export * from './texts/text-table.ts';
export type { TextTableLimits } from './texts/text-table-limits.ts';
export { createHuggingFaceTokenizer } from './tokenizer/hugging-face.ts';
export { createSentencePiece, Vocabulary } from './tokenizer/sentencepiece.ts';
export type { Tokenizer, TokenPair } from './tokenizer/tokenizer.ts';
