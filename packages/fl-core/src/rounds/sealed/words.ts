import { parameterCount, selectableLayers } from '../../models/layouts.ts';
import { largestSum, noisedWords, wordsBy } from '../../privacy/index.ts';
import {
  type DistributedPrivacy,
  type NamedTensor,
  type RunConfig,
  StrataError,
} from '../../protocol/index.ts';
import {
  type Grid,
  gridFor,
  meanOf,
  mostWeight,
  type Randomness,
  toWords,
  type Vectors,
  weightOf,
} from '../../sealing/index.ts';
import { layoutFor } from '../layout.ts';
import { gridSaid } from '../privacy/distributed.ts';
import type { SealedFigures } from '../types.ts';
import { figures, scores as scoresVector, sealedOf, type Terms, wordsBehind } from './exchange.ts';

/** What a participant puts into a sealed round, and what is read of the sums. */

export interface Contribution {
  /** The change of each trained layer, its tensors one after the other in the layout's order. */
  readonly layers: ReadonlyMap<string, Float32Array>;
  /** d_i, training samples. */
  readonly samples: number;
  /** The last loss of training. */
  readonly trainLoss: number;
  /** Of the model that the round started from, on what the participant holds out; null where that is nothing. */
  readonly before: { readonly samples: number; readonly loss: number; readonly accuracy: number } | null;
  /** Of the same model, one a selectable layer; null where nobody asked. */
  readonly scores: readonly number[] | null;
}

/**
 * The layers of an update, the tensors of each one after the other in the layout's order.
 * @throws `bad-update` where a tensor of a layer is missing.
 */
export function flatLayers(
  config: RunConfig,
  update: readonly NamedTensor[],
): ReadonlyMap<string, Float32Array<ArrayBuffer>> {
  const tensors = new Map(update.map((t) => [t.name, t.data]));
  const flat = new Map<string, Float32Array<ArrayBuffer>>();
  for (const layer of layoutFor(config).layers) {
    if (!layer.tensors.some((t) => tensors.has(t.name))) continue;
    const values = new Float32Array(parameterCount(layer));
    let at = 0;
    for (const { name } of layer.tensors) {
      const own = tensors.get(name);
      if (own === undefined) {
        const hint = 'This is a fault in Strata; please report it.';
        throw new StrataError('bad-update', `The change of ${name} is missing.`, hint);
      }
      values.set(own, at);
      at += own.length;
    }
    flat.set(layer.name, values);
  }
  return flat;
}

/** Scores in the order in which they are summed. */
export const scoresInOrder = (config: RunConfig, scores: Readonly<Record<string, number>>): number[] =>
  selectableLayers(layoutFor(config)).map((layer) => scores[layer] ?? 0);

/** Losses above this count as this. */
const mostLoss = 100;

/** The same for everybody: @param members on the roster. */
const layerGrid = ({ clips }: Terms, layer: string, members: number): Grid =>
  gridFor(members, mostWeight, clips[layer]!.value);
const lossGrid = (members: number): Grid => gridFor(members, mostWeight, mostLoss);
const shareGrid = (members: number): Grid => gridFor(members, mostWeight, 1);

/**
 * The words of a participant: of each layer its weighted values, its weight, and how many of the values were clamped. In a
 * run whose participants add noise themselves: of each layer its clipped values with noise, and nothing else.
 * @param members on the roster, so that no sum can leave an int32.
 * @throws `non-finite`; `wrong-exchange` for less noise than the run promises, or no room for so many members.
 */
export function wordsOf(
  config: RunConfig,
  terms: Terms,
  members: number,
  { layers, samples, trainLoss, before, scores }: Contribution,
  randomness: Randomness,
): Vectors {
  if (config.privacy.kind === 'distributed') {
    const grid = gridSaid(config, config.privacy, terms.noise, members);
    const words = wordsBy((buffer) =>
      buffer.set(new Uint32Array(randomness.bytes(4 * buffer.length).buffer)),
    );
    return noisedWords(layers, config.privacy.clip, grid, words);
  }
  const counted = sealedOf(config).samples;
  const weight = weightOf(samples, counted);
  const one = (value: number, of: number, grid: Grid) =>
    toWords(new Float32Array([value]), of, grid, randomness).words[0]!;
  const vectors = new Map<string, Int32Array>();
  const mostClamped = Math.floor(0x7fffffff / members);
  for (const [layer, values] of layers) {
    const { words, clamped } = toWords(values, weight, layerGrid(terms, layer, members), randomness);
    const vector = new Int32Array(words.length + wordsBehind(config));
    vector.set(words);
    vector.set([weight, Math.min(clamped, mostClamped)], words.length);
    vectors.set(layer, vector);
  }
  const heldOut = before === null ? 0 : weightOf(before.samples, counted);
  const { loss = 0, accuracy = 0 } = before ?? {};
  const [losses, shares] = [lossGrid(members), shareGrid(members)];
  const tried = [heldOut, one(loss, heldOut, losses), one(accuracy, heldOut, shares)];
  if (terms.score !== null) {
    vectors.set(scoresVector, toWords(sharesOf(scores ?? []), weight, shares, randomness).words);
  }
  vectors.set(figures, Int32Array.from([weight, one(trainLoss, weight, losses), ...tried]));
  return vectors;
}

/** Each as a part of their sum, as selection compares them by default; zeros where there is nothing to share. */
function sharesOf(scores: readonly number[]): Float32Array {
  const sum = scores.reduce((a, b) => a + b, 0);
  return Float32Array.from(scores, (score) => (sum > 0 ? score / sum : 0));
}

/** What the sum of a layer's words says. */
export interface OpenedLayer {
  /** Weighted mean of the changes. */
  readonly mean: Float32Array<ArrayBuffer>;
  /** Of all participants together. */
  readonly weight: number;
  readonly clamped: number;
}

/**
 * @param members on the roster, by which the words were rounded.
 * @param count of them in this sum.
 * @throws `bad-update` for a sum that so many participants cannot make.
 */
export function readLayer(
  config: RunConfig,
  terms: Terms,
  layer: string,
  members: number,
  count: number,
  sum: Int32Array,
): OpenedLayer {
  const values = sum.subarray(0, sum.length - wordsBehind(config));
  const [weight = 0, clamped = 0] = sum.subarray(values.length);
  const grid = layerGrid(terms, layer, members);
  checkWeight(layer, weight, count);
  checkWithin(layer, values, mostOf(grid, weight, count), true);
  return { mean: meanOf(values, weight, grid), weight, clamped };
}

/**
 * The same of a run whose participants add noise themselves: all weigh 1.
 * @throws `bad-update`
 */
export function readNoisedLayer(
  config: RunConfig,
  privacy: DistributedPrivacy,
  terms: Terms,
  layer: string,
  count: number,
  sum: Int32Array,
): OpenedLayer {
  const grid = gridSaid(config, privacy, terms.noise, count);
  checkWithin(layer, sum, largestSum(grid, count), true);
  const { scale } = grid;
  return { mean: meanOf(sum, count, { scale, clip: privacy.clip }), weight: count, clamped: 0 };
}

/** @throws `bad-update` */
export function readFigures(members: number, count: number, sum: Int32Array): SealedFigures {
  const [weight = 0, trained = 0, heldOut = 0, tried = 0, right = 0] = sum;
  const [losses, shares] = [lossGrid(members), shareGrid(members)];
  checkWeight(figures, weight, count);
  checkWithin(figures, [heldOut], count * mostWeight, false);
  const mean = (word: number, of: number, grid: Grid, signed: boolean) => {
    checkWithin(figures, [word], mostOf(grid, of, count), signed);
    return meanOf(Int32Array.from([word]), of, grid)[0]!;
  };
  return {
    trainLoss: mean(trained, weight, losses, true),
    before:
      heldOut === 0
        ? null
        : { loss: mean(tried, heldOut, losses, true), accuracy: mean(right, heldOut, shares, false) },
  };
}

/**
 * The mean share of importance that each layer has.
 * @param weight of all members of the sum together.
 * @throws `bad-update`
 */
export function readScores(
  layers: readonly string[],
  members: number,
  count: number,
  sum: Int32Array,
  weight: number,
): Readonly<Record<string, number>> {
  const shares = shareGrid(members);
  checkWithin(scoresVector, sum, mostOf(shares, weight, count), false);
  const means = meanOf(sum, weight, shares);
  return Object.fromEntries(layers.map((layer, i) => [layer, means[i]!]));
}

/** The largest sum of so many values of this weight together, each rounded up. */
const mostOf = ({ scale, clip }: Grid, weight: number, count: number): number =>
  weight * scale * clip + count;

/** Nobody can look at one participant's words; what all of them together cannot be is seen. */
function checkWeight(what: string, weight: number, count: number): void {
  if (weight < count || weight > count * mostWeight) throw impossible(what);
}

function checkWithin(what: string, words: Iterable<number>, most: number, signed: boolean): void {
  for (const word of words) if (word > most || word < (signed ? -most : 0)) throw impossible(what);
}

const impossible = (what: string): StrataError =>
  new StrataError(
    'bad-update',
    `The sum of${what.startsWith(' ') ? ' the' : ''} ${what.trim()} is none that the participants of this round can make: somebody sent something else than its words.`,
    'Who it was cannot be seen in a sealed run. Where it happens again, run with fewer participants at a time, or not sealed.',
  );
