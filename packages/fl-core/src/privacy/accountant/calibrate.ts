import { StrataError } from '../../error.ts';
import { epsilonOf } from './epsilon.ts';

/** What a run promises to spend at most, and over how many rounds. */
export interface PrivacyTarget {
  readonly epsilon: number;
  readonly delta: number;
  readonly rounds: number;
  /** q of every round, in (0, 1]. */
  readonly sampling: number;
}

const mostNoise = 1e6;

/**
 * The least noise over sensitivity, z, with which all rounds together stay within the target: to a part in a million,
 * and never below it.
 * @throws StrataError `bad-config` where no noise is enough.
 */
export function noiseFor({ epsilon, delta, rounds, sampling }: PrivacyTarget): number {
  return leastNoise(
    (noise) => epsilonOf([{ sampling, noise, rounds }], delta).epsilon <= epsilon,
    `No noise keeps ${rounds} rounds within an epsilon of ${epsilon} at a delta of ${delta}.`,
  );
}

/**
 * The least noise that is enough, to a part in a million, and never below it.
 * @param enough false below some noise, true from there on.
 * @param otherwise what is said where none is.
 * @throws StrataError `bad-config`.
 */
export function leastNoise(enough: (noise: number) => boolean, otherwise: string): number {
  if (!enough(mostNoise))
    throw new StrataError('bad-config', otherwise, 'Raise epsilon or delta, or run fewer rounds.');
  let [low, high] = [0, mostNoise];
  while (high - low > 1e-6 * high) {
    const middle = low === 0 ? high / 2 ** 8 : Math.sqrt(low * high);
    if (enough(middle)) high = middle;
    else low = middle;
    if (high < 1e-3) return high;
  }
  return high;
}
