import {
  type Dataset,
  loadSample,
  pickRaw,
  type RawImages,
  type RawTexts,
  type Tokenizer,
  toImageDataset,
  toTextDataset,
} from '@strata/fl-core/data';
import { specOf } from '@strata/fl-core/models/layouts';
import type { RunConfig } from '@strata/fl-core/protocol';
import { random } from '@strata/fl-core/random';
import { nodeSampleIo } from '@strata/samples';
import { UsageError } from '../experiment.ts';
import { readSplitData } from '../split-data/read.ts';
import type { Plan } from './config.ts';

/** Samples before they are made into what a model takes, and who may see which. */
export interface PooledData {
  readonly kind: 'image' | 'text';
  readonly labels: readonly string[];
  /** What participants share. */
  readonly pool: RawImages | RawTexts;
  readonly validation: RawImages | RawTexts;
  readonly test: RawImages | RawTexts;
}

/** Reads and splits the data of a plan; the split is the same for every seed. Throws {@link UsageError}. */
export async function readPooled({ data }: Plan, log: (line: string) => void): Promise<PooledData> {
  if (data.sample !== undefined) {
    const whole = await loadSample(data.sample, nodeSampleIo);
    const { labels, kind, classes } = whole;
    const held = [...labels.keys()].filter((i) => whole.heldOut?.[i] === 1);
    // Participants keep what is set aside for testing, as their own hold-out, as in a demo.
    const test = pickRaw(whole, drawn(held, data.test, 'test'));
    return { kind, labels: classes, pool: whole, validation: pickRaw(whole, []), test };
  }
  if (data.folder === undefined) throw new UsageError('The data has neither a sample nor a folder.');
  const { labels, train, test, items } = await readSplitData(data.folder, {}, log);
  const whole = together(train, test);
  const itemOf = items ? [...items.train, ...items.test] : [...whole.labels.keys()];
  const sides = sidesOf(itemOf, train.labels.length, data);
  const of = (side: Side) => [...itemOf.keys()].filter((i) => sides.get(itemOf[i]!) === side);
  const pool = drawn(of('train'), data.train, 'train');
  if (pool.length === 0) throw new UsageError(`--data: ${data.folder} leaves no samples to train on.`);
  return {
    kind: whole.kind,
    labels,
    pool: pickRaw(whole, pool),
    validation: pickRaw(whole, of('validation')),
    test: pickRaw(whole, drawn(of('test'), data.test, 'test')),
  };
}

type Side = 'train' | 'test' | 'validation';

/**
 * On which side each item is: as its makers have it, and items of the training half are moved by lot until the other
 * sides have the samples that are wanted of them.
 */
function sidesOf(
  itemOf: readonly number[],
  trainCount: number,
  wanted: { readonly test: number; readonly validation: number },
): ReadonlyMap<number, Side> {
  const sides = new Map<number, Side>(itemOf.map((item, i) => [item, i < trainCount ? 'train' : 'test']));
  const sizes = new Map<number, number>();
  for (const item of itemOf) sizes.set(item, (sizes.get(item) ?? 0) + 1);
  for (const side of ['test', 'validation'] as const) {
    let have = itemOf.filter((item) => sides.get(item) === side).length;
    const free = [...sides].filter(([, of]) => of === 'train').map(([item]) => item);
    for (const item of random(0, 'simulate', 'held-back', side).shuffle(free)) {
      if (have >= wanted[side]) break;
      sides.set(item, side);
      have += sizes.get(item) ?? 0;
    }
    if (have < wanted[side])
      throw new UsageError(`--data: there are no ${wanted[side]} samples for ${side}.`);
  }
  return sides;
}

/** As many of the indices, drawn by a stream of their own, in ascending order; all where `count` is 0 or more than there are. */
function drawn(indices: readonly number[], count: number, what: string): number[] {
  if (count === 0 || count >= indices.length) return [...indices];
  return random(0, 'simulate', 'drawn', what)
    .shuffle(indices)
    .slice(0, count)
    .sort((a, b) => a - b);
}

function together(a: RawImages | RawTexts, b: RawImages | RawTexts): RawImages | RawTexts {
  const labels = Int32Array.from([...a.labels, ...b.labels]);
  const domains = a.domains && b.domains ? { domains: Int32Array.from([...a.domains, ...b.domains]) } : {};
  const common = { classes: a.classes, labels, ...domains };
  if (a.kind === 'image' && b.kind === 'image')
    return { ...common, kind: 'image', images: [...a.images, ...b.images] };
  if (a.kind === 'text' && b.kind === 'text')
    return { ...common, kind: 'text', texts: [...a.texts, ...b.texts] };
  throw new UsageError('The two halves of a split are of different kinds.');
}

/** What the worker threads read, the same memory for all of them. */
export interface PreparedData {
  readonly pool: Dataset;
  readonly validation: Dataset;
  readonly test: Dataset;
  /** Of the pool, by sample; null where the data has no domains. */
  readonly domains: Int32Array | null;
}

/**
 * Makes samples into what the model of a run takes, in memory that threads share.
 * @param tokenizer of a text model.
 */
export function prepare(config: RunConfig, pooled: PooledData, tokenizer: Tokenizer | null): PreparedData {
  const spec = specOf(config);
  const make = (raw: RawImages | RawTexts): Dataset => {
    if (raw.kind === 'image' && spec.kind === 'image') {
      const { pixels, ...dataset } = toImageDataset(raw, config.side);
      return { ...dataset, pixels: shared(pixels) };
    }
    if (raw.kind === 'text' && spec.kind === 'text' && tokenizer !== null) {
      return toTextDataset(raw.texts, raw.labels, tokenizer, spec.maxTokens);
    }
    throw new UsageError(`${spec.title} takes ${spec.kind}s, and the data holds ${raw.kind}s.`);
  };
  const { pool, validation, test } = pooled;
  return {
    pool: make(pool),
    validation: make(validation),
    test: make(test),
    domains: pool.domains ?? null,
  };
}

function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
  copy.set(bytes);
  return copy;
}
