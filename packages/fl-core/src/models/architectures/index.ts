import { named } from '../../variants/index.ts';
import type { ModelLayout } from '../layout.ts';
import type { LayerWork } from '../work/layer-work.ts';
import { bert } from './bert/index.ts';
import { clip } from './clip/index.ts';
import type { SpecOf } from './define.ts';
import { distilbert } from './distilbert/index.ts';
import { gpt2 } from './gpt2/index.ts';
import { layersModel } from './layers-model/index.ts';
import { roberta } from './roberta/index.ts';
import { useLite } from './use-lite/index.ts';
import { vit } from './vit/index.ts';

/** All architectures, in the order in which people read of them. */
export const architectures = [useLite, vit, clip, bert, roberta, distilbert, gpt2, layersModel] as const;

export type Architecture = (typeof architectures)[number];

/** A model at one size: an architecture and its constants. */
export type ModelSpec = SpecOf<Architecture>;

export const architectureOf = ({ architecture }: ModelSpec): Architecture =>
  named(architectures, architecture);

/** The class that transformers opens a tokenizer with where no file names one; null where nothing of it is known. */
export function usualTokenizer(modelType: string): string | null {
  const of = architectures.find(({ transformers }) => transformers?.modelTypes.includes(modelType));
  return of?.transformers?.tokenizers?.[modelType] ?? null;
}

/** Layers of a model with a classification head of `classes` outputs, in forward order. */
export const layoutOf = (spec: ModelSpec, classes: number): ModelLayout =>
  architectureOf(spec).layout(spec, classes);

/**
 * Operations of the layers of {@link layoutOf} for one sample.
 * @param size side of the image in pixels, or tokens of the text.
 */
export const layerWork = (spec: ModelSpec, classes: number, size: number): LayerWork[] =>
  architectureOf(spec).work(spec, classes, size);
