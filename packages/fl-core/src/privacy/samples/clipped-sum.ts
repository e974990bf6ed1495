import { clipScale, Length } from '../clip.ts';
import { discreteGaussian, mostBits } from '../noise/discrete-gaussian.ts';
import type { RandomWords } from '../noise/words.ts';

/** What makes the gradients of a step private. */
export interface SampleNoise {
  /** C: the longest that one sample's gradient may be, over all trained tensors together, in L2. */
  readonly clip: number;
  /** z: the noise's standard deviation on each value of a sum, over `clip`; 0 for none, which protects nobody. */
  readonly noise: number;
  /** What noise, and who is in a step, are drawn from: `cryptoWords()`, but in tests and simulations. */
  readonly words: RandomWords;
}

/**
 * The noised sum of clipped gradients of a step (DP-SGD: Abadi et al., arXiv 1607.00133, algorithm 1). Each sample's
 * gradient, clipped as a whole by its length in float64, goes on a grid of which 2^32 steps are one standard deviation of
 * the noise, towards zero, so that it grows no longer. Sums of whole numbers are exact in float64 up to 2^53, so that one
 * sample more or less changes the sum by at most `clip`, to the last bit and whatever the others are; and noise on the
 * same grid has no low bits that would give the sum away (Mironov, CCS 2012).
 */
export class ClippedSum {
  readonly #clip: number;
  readonly #noise: number;
  readonly #step: number;
  readonly #draw: () => number;
  readonly #sums: readonly Float64Array[];

  /** @param sizes how many values each tensor has. */
  constructor(sizes: readonly number[], { clip, noise, words }: SampleNoise) {
    this.#clip = clip;
    this.#noise = noise;
    this.#step = (clip * (noise === 0 ? 1 : noise)) / 2 ** mostBits;
    this.#draw = discreteGaussian(words, mostBits);
    this.#sums = sizes.map((size) => new Float64Array(size));
  }

  /**
   * Adds one sample's gradient, tensor by tensor. One with a value that is not finite counts as zeros: whether somebody's
   * sample breaks the numbers must not stop what others see.
   * @returns whether it counts.
   */
  add(gradient: readonly ArrayLike<number>[]): boolean {
    const length = new Length();
    for (const values of gradient) length.add(values);
    if (!Number.isFinite(length.value)) return false;
    const scale = clipScale(length.value, this.#clip) / this.#step;
    for (const [i, sum] of this.#sums.entries()) {
      const values = gradient[i]!;
      for (let k = 0; k < sum.length; k++) sum[k]! += Math.trunc(values[k]! * scale);
    }
    return true;
  }

  /** The sum in whole steps of the grid, before noise; what {@link release} puts noise on. */
  get steps(): readonly Float64Array[] {
    return this.#sums;
  }

  /** Length of a step of the grid. */
  get step(): number {
    return this.#step;
  }

  /** The sum with noise on every value, over `divisor`, which must follow from nothing that is secret; forgets the sum. */
  release(divisor: number): Float32Array<ArrayBuffer>[] {
    const scale = this.#step / divisor;
    return this.#sums.map((sum) => {
      const noised = new Float32Array(sum.length);
      for (let k = 0; k < sum.length; k++) {
        noised[k] = (sum[k]! + (this.#noise === 0 ? 0 : this.#draw())) * scale;
      }
      sum.fill(0);
      return noised;
    });
  }
}
