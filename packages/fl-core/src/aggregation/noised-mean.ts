import { clipScale, discreteGaussian, mostBits, type RandomWords } from '../privacy/index.ts';
import { chunkLength, type Emit, type LayerUpdate, pieces, readExactly } from './update.ts';
import { inClientOrder } from './weights.ts';

/** An update of which the length as a whole, over all its layers, is known. */
export interface MeasuredUpdate extends LayerUpdate {
  /** L2 norm of all values of all layers that the client sent. */
  readonly length: number;
}

/** How a sum over clients is made private. */
export interface Noising {
  /** S: no client changes the sums of all layers together by more, in L2. */
  readonly clip: number;
  /** z: the noise's standard deviation on every value of a sum, over `clip`. */
  readonly noise: number;
  /** What sums are divided by, public like the number of those who trained the layer, which it is where this is absent. */
  readonly divisor?: number;
  readonly words: RandomWords;
}

/**
 * The mean of a layer's changes with noise, as of DP-FedAvg (McMahan et al., arXiv 1710.06963) with equal weights: each
 * client's update, clipped as a whole, goes on a grid of which `2^32` steps are a standard deviation, towards zero, so that it
 * grows no longer; the sum of whole numbers gets discrete Gaussian noise on every value and is divided by how many
 * clients trained the layer. That number is public: one client's data change none of it but its own whole numbers,
 * whose length over all layers is at most `clip`. Samples do not weigh.
 * @param updates of those who trained the layer: one or more, or any number where `divisor` is given.
 * @returns the clients.
 */
export async function noisedMean(
  updates: readonly MeasuredUpdate[],
  elements: number,
  emit: Emit,
  { clip, noise, divisor = updates.length, words }: Noising,
): Promise<string[]> {
  const draw = discreteGaussian(words, mostBits);
  const step = (clip * noise) / 2 ** mostBits;
  await gridSum(updates, elements, { clip, step }, async (offset, sum) => {
    for (let k = 0; k < sum.length; k++) sum[k] = ((sum[k]! + draw()) * step) / divisor;
    await emit(offset, sum);
  });
  return inClientOrder(updates).map((u) => u.client);
}

/**
 * What noise is put on: the sum of the clipped updates in whole steps of the grid, exact in float64 up to 2^53.
 * Removing one client changes it by at most `clip / step` in L2, over all layers together.
 */
export async function gridSum(
  updates: readonly MeasuredUpdate[],
  elements: number,
  { clip, step }: { readonly clip: number; readonly step: number },
  emit: Emit,
): Promise<void> {
  const all = new Float64Array(Math.min(elements, chunkLength));
  const ordered = inClientOrder(updates);
  for (const { offset, length } of pieces(elements, chunkLength)) {
    const sum = all.subarray(0, length).fill(0);
    for (const update of ordered) {
      const scale = clipScale(update.length, clip) / step;
      const values = await readExactly(update, offset, length);
      for (let k = 0; k < length; k++) sum[k]! += Math.trunc(values[k]! * scale);
    }
    await emit(offset, sum);
  }
}
