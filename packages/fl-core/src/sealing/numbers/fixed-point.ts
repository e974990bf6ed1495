import { StrataError } from '../../error.ts';
import type { Randomness } from '../keys/randomness.ts';

/**
 * Values as integers that are summed modulo 2^32. All members of a sum use the same grid, known before anybody
 * rounds, so that the sum of all of them can never leave an int32 and is read back without knowing whose they are.
 */
export interface Grid {
  /** Steps that a value of 1 with the weight 1 is. */
  readonly scale: number;
  /** Values beyond [-clip, clip] count as its ends. */
  readonly clip: number;
}

const largest = 0x7fffffff;

/**
 * The finest grid on which the weighted values of all members fit into one int32.
 * @param members at most so many are summed, 1 or more.
 * @param mostWeight of one member, 1 or more.
 * @param clip above 0, in the unit of the values.
 * @throws `bad-config` where so many members would leave less than one step for each unit of weight.
 */
export function gridFor(members: number, mostWeight: number, clip: number): Grid {
  // One less than each member's share of an int32: stochastic rounding goes up to the next whole number.
  const share = Math.floor(largest / members) - 1;
  if (!(share >= mostWeight && clip > 0 && Number.isFinite(clip))) {
    throw new StrataError(
      'bad-config',
      `${members} participants of weight ${mostWeight} with values up to ${clip} cannot be summed in 32 bits.`,
      'Set fewer participants a round.',
    );
  }
  return { scale: share / (mostWeight * clip), clip };
}

/** One step of the grid in the weighted mean, for members of this weight together. */
export const stepOf = ({ scale }: Grid, weight: number): number => 1 / (scale * weight);

export interface Rounded {
  /** Integers, weight * value * scale each. */
  readonly words: Int32Array<ArrayBuffer>;
  /** How many values were beyond the clip. */
  readonly clamped: number;
}

/** Words whose randomness is drawn at once. */
const chunk = 16_384;

/**
 * Rounds weighted values to the grid, up with the probability of what is over, so that a sum has no bias: floor(x + u)
 * with u uniform in [0, 1).
 * @param values any length, finite.
 * @param weight a whole number from 1 to the grid's greatest weight.
 * @throws `non-finite`
 */
export function toWords(
  values: Float32Array,
  weight: number,
  { scale, clip }: Grid,
  randomness: Randomness,
): Rounded {
  const words = new Int32Array(values.length);
  let clamped = 0;
  for (let start = 0; start < values.length; start += chunk) {
    const end = Math.min(values.length, start + chunk);
    const bits = new Uint32Array(randomness.bytes(4 * (end - start)).buffer);
    for (let i = start; i < end; i++) {
      const value = values[i]!;
      if (!Number.isFinite(value)) throw nonFinite(i, value);
      if (value > clip || value < -clip) clamped++;
      const inside = Math.max(-clip, Math.min(clip, value));
      words[i] = Math.floor(weight * inside * scale + bits[i - start]! / 0x1_0000_0000);
    }
  }
  return { words, clamped };
}

/**
 * The weighted mean that a sum of words stands for.
 * @param weight of all members of the sum together, 1 or more.
 */
export function meanOf(sum: Int32Array, weight: number, { scale }: Grid): Float32Array<ArrayBuffer> {
  const mean = new Float32Array(sum.length);
  for (let i = 0; i < sum.length; i++) mean[i] = sum[i]! / (scale * weight);
  return mean;
}

const nonFinite = (at: number, value: number): StrataError =>
  new StrataError(
    'non-finite',
    `Value ${at} of what was to be sealed is ${value}.`,
    'Train again with a smaller learning rate.',
  );
