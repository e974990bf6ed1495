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
  const within = (noise: number): boolean =>
    epsilonOf([{ sampling, noise, rounds }], delta).epsilon <= epsilon;
  if (!within(mostNoise)) {
    throw new StrataError(
      'bad-config',
      `No noise keeps ${rounds} rounds within an epsilon of ${epsilon} at a delta of ${delta}.`,
      'Raise epsilon or delta, or run fewer rounds.',
    );
  }
  let [low, high] = [0, mostNoise];
  while (high - low > 1e-6 * high) {
    const middle = low === 0 ? high / 2 ** 8 : Math.sqrt(low * high);
    if (within(middle)) high = middle;
    else low = middle;
    if (high < 1e-3) return high;
  }
  return high;
}
