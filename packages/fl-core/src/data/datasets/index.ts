import { type ImageDataset, image } from './image.ts';
import { type LabelSetDataset, labelSets } from './label-sets.ts';
import { type PassageDataset, passages } from './passages.ts';
import { type TextDataset, text } from './text.ts';
import type { DataContent, DatasetView } from './view.ts';

export type { ImageDataset } from './image.ts';
export type { LabelSetDataset } from './label-sets.ts';
export type { PassageDataset } from './passages.ts';
export type { TextDataset } from './text.ts';
export type { DataContent } from './view.ts';

interface DatasetByKind {
  readonly image: ImageDataset;
  readonly text: TextDataset;
  readonly 'label-sets': LabelSetDataset;
  readonly passages: PassageDataset;
}
type Kind = keyof DatasetByKind;
type DatasetOf<K extends Kind> = DatasetByKind[K] & { readonly kind: K };

/** Local data as plain arrays; lives only in the worker (C5). */
export type Dataset = DatasetByKind[Kind];
/** Texts as token ids. */
export type TokenDataset = Exclude<Dataset, ImageDataset>;

/** Every kind of dataset. All that concerns one alone is in its file. */
const kinds: { readonly [K in Kind]: (dataset: DatasetOf<K>) => DatasetView<DatasetByKind[K]> } = {
  image,
  text,
  'label-sets': labelSets,
  passages,
};

export const viewOf = <K extends Kind>(dataset: DatasetOf<K>): DatasetView<DatasetByKind[K]> =>
  kinds[dataset.kind](dataset);

/** What there is to say of a dataset to people. */
export const contentOf = (dataset: Dataset): DataContent => viewOf(dataset).content();

/** Number of samples. */
export const sampleCount = (dataset: Dataset): number => viewOf(dataset).count;
