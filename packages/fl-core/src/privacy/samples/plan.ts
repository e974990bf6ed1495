import { noiseFor } from '../accountant/calibrate.ts';
import { epsilonOf } from '../accountant/epsilon.ts';

/** What is promised of each sample of a client, over all that it sends in a run. */
export interface SamplePromise {
  readonly epsilon: number;
  readonly delta: number;
  /** z; null: the least with which all steps stay within epsilon. */
  readonly noise: number | null;
}

/** Steps of DP-SGD that were alike. */
export interface PrivateSteps {
  /** q: a sample's chance to be in a step, in (0, 1]. */
  readonly sampling: number;
  /** z: the noise's standard deviation over the clip. */
  readonly noise: number;
  readonly steps: number;
}

/** What one client of so many samples would do in a whole run. */
export interface SampleWork {
  readonly samples: number;
  /** Samples that a step is to have, on average. */
  readonly batchSize: number;
  /** Of all rounds together. */
  readonly steps: number;
}

/** q. With no more samples than a batch has, every one is in each step, and nothing is gained by a draw. */
export const samplingRate = ({ samples, batchSize }: Pick<SampleWork, 'samples' | 'batchSize'>): number =>
  Math.min(1, batchSize / Math.max(1, samples));

/** The newest answers, by what was asked: each round asks the same. */
const known = new Map<string, number>();
const mostKnown = 50;

/**
 * How a client trains: its q and its z.
 * @throws StrataError `bad-config` where no noise keeps it within its epsilon.
 */
export function samplePlan(promise: SamplePromise, work: SampleWork): PrivateSteps {
  const { steps } = work;
  const sampling = samplingRate(work);
  const { epsilon, delta, noise } = promise;
  if (noise !== null) return { sampling, noise, steps };
  const target = { epsilon, delta, rounds: steps, sampling };
  const key = Object.values(target).join();
  const least = known.get(key) ?? noiseFor(target);
  known.delete(key);
  known.set(key, least);
  for (const oldest of known.keys()) {
    if (known.size <= mostKnown) break;
    known.delete(oldest);
  }
  return { sampling, noise: least, steps };
}

/**
 * Epsilon of all these steps together, towards one sample that may have been in each: zero-out adjacency, a sample's
 * gradients are its own in the one case and zeros in the other, and how many samples there are is the same in both.
 */
export const epsilonOfSteps = (done: readonly PrivateSteps[], delta: number): number =>
  epsilonOf(
    done.map(({ sampling, noise, steps }) => ({ sampling, noise, rounds: steps })),
    delta,
  ).epsilon;

/** To the promise itself it may come; the last digits are of the sum's rounding. */
export const withinPromise = (epsilon: number, promise: Pick<SamplePromise, 'epsilon'>): boolean =>
  epsilon <= promise.epsilon * (1 + 1e-9);
