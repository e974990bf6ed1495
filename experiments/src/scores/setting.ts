import {
  type Dataset,
  type ImageDataset,
  partitionByDomain,
  partitionDirichlet,
  splitHoldOut,
  subset,
  type TextDataset,
  toImageDataset,
  toTextDataset,
} from '@strata/fl-core/data';
import type { ModelSpec } from '@strata/fl-core/models/layouts';
import { random } from '@strata/fl-core/random';
import { UsageError } from '../experiment.ts';
import type { SplitData } from '../split-data/split-data.ts';
import type { StartPoint } from '../start-point.ts';
import type { ScoresOptions } from './options.ts';
import type { ClientData } from './oracle.ts';

/** All samples of a folder as the model takes them; `heldOut` is what its makers set aside. */
export interface WholeData {
  readonly data: ImageDataset | TextDataset;
  /** Which sheet each is of, (N); null where there is but one. */
  readonly domains: Int32Array | null;
}

/** @throws UsageError where model and data do not fit. */
export function wholeData(
  split: SplitData,
  spec: ModelSpec,
  { tokenizer }: Pick<StartPoint, 'tokenizer'>,
  side: number,
): WholeData {
  const { train, test } = split;
  const labels = Int32Array.from([...train.labels, ...test.labels]);
  const heldOut = Uint8Array.from(labels, (_, i) => (i < train.labels.length ? 0 : 1));
  if (spec.kind === 'image' && train.kind === 'image' && test.kind === 'image') {
    const raw = { ...train, images: [...train.images, ...test.images], labels, heldOut };
    const domains =
      train.domains && test.domains ? Int32Array.from([...train.domains, ...test.domains]) : null;
    return { data: toImageDataset(raw, side), domains };
  }
  if (spec.kind === 'text' && train.kind === 'text' && test.kind === 'text' && tokenizer !== null) {
    const texts = [...train.texts, ...test.texts];
    return { data: { ...toTextDataset(texts, labels, tokenizer, spec.maxTokens), heldOut }, domains: null };
  }
  throw new UsageError(`${spec.id} takes ${spec.kind}, and the folder holds ${train.kind}s.`);
}

type Shape = Pick<ScoresOptions, 'split' | 'alpha' | 'clients' | 'samples' | 'tests'>;

/** The clients' data, by the seed: their shares of all, what is held out set apart, each cut to a number of samples. */
export function clientsOf({ data, domains }: WholeData, shape: Shape, seed: number): ClientData[] {
  const draws = random(seed, 'samples');
  const cut = (part: Dataset, most: number) => {
    const all = Array.from({ length: 'labels' in part ? part.labels.length : 0 }, (_, i) => i);
    return subset(part, draws.shuffle(all).slice(0, most));
  };
  return partsOf(data, domains, shape, seed).map((part) => {
    const { training, heldOut } = splitHoldOut(subset(data, part), 0.2, seed);
    return { train: cut(training, shape.samples), heldOut: cut(heldOut, shape.tests) };
  });
}

function partsOf(
  { labels }: ImageDataset | TextDataset,
  domains: WholeData['domains'],
  { split, alpha, clients }: Shape,
  seed: number,
): number[][] {
  switch (split) {
    case 'dirichlet':
      // So many that batches and held-out data are worth something.
      return partitionDirichlet(
        labels,
        clients,
        alpha,
        seed,
        Math.min(80, Math.floor(labels.length / clients / 2)),
      );
    case 'domain':
      if (domains === null) throw new UsageError('--split domain: the folder has no sheets of pictures.');
      return partitionByDomain(domains, clients, seed);
    default:
      return split satisfies never;
  }
}
