import { StrataError } from '../../error.ts';
import { leastNoise } from '../accountant/calibrate.ts';
import { type SkellamStep, skellamEpsilon } from '../accountant/skellam.ts';
import { leastSkellamBits, mostSkellamBits } from '../noise/skellam.ts';

/**
 * Noise that participants add themselves, each a part, so that nobody ever sees a sum without noise: the grid of whole
 * numbers that all of them round to, and what of it the accountant needs.
 */

export interface DistributedNoise {
  /** S, the longest a participant's whole update may be, in L2. */
  readonly clip: number;
  /** z: the deviation of the noise on each value of a sum of `honest` participants, over S. */
  readonly noise: number;
  /** t: of every sum that is opened at least so many have added their part of the noise, and have told it nobody. */
  readonly honest: number;
  /** At most so many are summed. */
  readonly members: number;
  /** Values of a participant's update, at most. */
  readonly values: number;
}

export interface NoiseGrid extends SkellamStep {
  /** Each participant's part of the noise has a deviation of 2^bits steps. */
  readonly bits: number;
  /** Steps that a value of 1 is. */
  readonly scale: number;
  /** Farthest from 0 that one participant's rounded value can be, in steps. */
  readonly farthest: number;
}

/**
 * exp(-1/2): rounding that makes an update longer than {@link NoiseGrid.l2} is done again, which is so in at most this part
 * of the cases (Kairouz, Liu, Steinke, arXiv 2102.06387).
 */
const again = Math.exp(-0.5);

/** A sum's noise is within so many deviations but with a probability of 1e-31 a value. */
export const noiseReach = 12;

/**
 * The finest grid on which a sum of all members and of their noise fits into one int32, and of which a part of the noise is
 * a power of two.
 * @throws `bad-config` where there is none.
 */
export function noiseGridFor(of: DistributedNoise): NoiseGrid {
  for (let bits = mostSkellamBits; bits >= leastSkellamBits; bits--) {
    const grid = noiseGridOf(of, bits);
    if (largestSum(grid, of.members) <= 0x7fffffff) return grid;
  }
  throw new StrataError(
    'bad-config',
    `Updates of ${of.members} participants and noise of ${of.noise} times the longest one do not fit into 32 bits with what rounding takes.`,
    'Have fewer participants a round, or raise the noise.',
  );
}

/** How far from 0 a sum of so many members can be, noise and all. */
export const largestSum = ({ bits, farthest }: NoiseGrid, members: number): number =>
  members * farthest + noiseReach * 2 ** bits * Math.sqrt(members);

/** The grid of which a part of the noise has a deviation of 2^bits steps: the same to the last bit on every device. */
export function noiseGridOf(
  { clip, noise, honest, values }: Omit<DistributedNoise, 'members'>,
  bits: number,
): NoiseGrid {
  const scale = (2 ** bits * Math.sqrt(honest)) / (noise * clip);
  const length = clip * scale;
  // What rounding may add to the length: by (Kairouz et al.) all values in the worst case, or what is seldom passed.
  const worst = length + Math.sqrt(values);
  const seldom =
    length ** 2 + values / 4 + Math.sqrt(2 * Math.log(1 / again)) * (length + Math.sqrt(values) / 2);
  const squares = Math.min(worst ** 2, seldom);
  const l2 = Math.sqrt(squares);
  return {
    bits,
    scale,
    farthest: Math.floor(length) + 1,
    l2,
    // Of whole numbers none is larger than its square.
    l1: Math.min(Math.sqrt(values) * l2, squares),
    variance: honest * 4 ** bits,
  };
}

/**
 * The least z with which all rounds together stay within epsilon: to a part in a million, and never below it.
 * @throws `bad-config` where no noise is enough.
 */
export function distributedNoiseFor(
  of: Omit<DistributedNoise, 'noise'>,
  { epsilon, delta, rounds }: { readonly epsilon: number; readonly delta: number; readonly rounds: number },
): number {
  return leastNoise((noise) => {
    try {
      return skellamEpsilon(noiseGridFor({ ...of, noise }), rounds, delta).epsilon <= epsilon;
    } catch (error) {
      // Of too little noise there is no grid.
      if (error instanceof StrataError) return false;
      throw error;
    }
  }, `No noise that fits into 32 bits keeps ${rounds} rounds within an epsilon of ${epsilon} at a delta of ${delta}.`);
}
