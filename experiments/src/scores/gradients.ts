import {
  type BatchOptions,
  batches,
  type Dataset,
  type ImageDataset,
  type TextDataset,
} from '@strata/fl-core/data';
import type { Batch } from '@strata/fl-core/models';
import { LocalConfig } from '@strata/fl-core/protocol';
import { type GlobalModel, joined, type Update } from './global-model.ts';

/** A gradient by layer, each layer's parameters one after the other, (P). */
export type LayerGradients = ReadonlyMap<string, Float32Array>;

/**
 * The batches that a probe of the same options looks at, as data of their own, so that other things can be done on
 * them. Of pictures and texts with one label each; others throw TypeError.
 */
export function probeBatches(data: Dataset, options: BatchOptions): (ImageDataset | TextDataset)[] {
  return [...batches(data, options)].map(dataOf);
}

function dataOf(batch: Batch): ImageDataset | TextDataset {
  const { targets } = batch;
  if (targets.kind !== 'classes') throw new TypeError('samples with one label each only');
  const labels = targets.ids;
  if (batch.kind === 'image') return { kind: 'image', side: batch.side, pixels: batch.pixels, labels };
  const row = (i: number) => batch.ids.slice(i * batch.length, i * batch.length + batch.lengths[i]!);
  return { kind: 'text', tokens: Array.from({ length: batch.size }, (_, i) => row(i)), labels };
}

/** All samples of several pieces of data of the same kind, in their order. */
export function together(pieces: readonly (ImageDataset | TextDataset)[]): ImageDataset | TextDataset {
  const labels = Int32Array.from(pieces.flatMap((p) => [...p.labels]));
  const [first] = pieces;
  if (first?.kind === 'image') {
    const pixels = pieces.map((p) => (p.kind === 'image' ? p.pixels : new Uint8Array()));
    return { kind: 'image', side: first.side, pixels: Uint8Array.from(Buffer.concat(pixels)), labels };
  }
  return { kind: 'text', tokens: pieces.flatMap((p) => (p.kind === 'text' ? p.tokens : [])), labels };
}

/** A power of two: only the addition to the weights rounds. */
const rate = 4;

/** One step on all samples of `data` at once. */
export const oneStep = (data: ImageDataset | TextDataset, optimizer: LocalConfig['optimizer']): LocalConfig =>
  LocalConfig.parse({ epochs: 1, batchSize: Math.min(512, data.labels.length), maxBatches: 1, optimizer });

/**
 * The gradient of the mean loss over `data`, from what one step of SGD changes: exact but for the rounding of the
 * weights, 2e-8 of their size.
 */
export async function gradientsOf(
  model: GlobalModel,
  data: ImageDataset | TextDataset,
  layers: readonly string[],
): Promise<LayerGradients> {
  const local = oneStep(data, { name: 'sgd', learningRate: rate, momentum: 0 });
  const update = await model.train(data, layers, local, 1);
  return new Map(layers.map((layer) => [layer, joined(ofLayer(model, update, layer)).map((d) => -d / rate)]));
}

/** The part of an update that is of one layer. */
export function ofLayer({ layout }: GlobalModel, update: Update, layer: string): Update {
  const names = new Set(layout.layers.find(({ name }) => name === layer)?.tensors.map((t) => t.name));
  return update.filter(({ name }) => names.has(name));
}
