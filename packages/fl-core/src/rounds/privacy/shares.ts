import { noisedMean } from '../../aggregation/index.ts';
import { Length, type RandomWords } from '../../privacy/index.ts';

/** Longest vector of a client's shares: longer ones, of who finds most of its score in one layer, are scaled down. */
export const shareClip = 0.5;

/**
 * The mean of clients' shares of importance, with noise of deviation z times {@link shareClip} on each layer's sum: one
 * client changes the sums by no more than the clip in L2. The mean is over those who brought scores, whose number is public.
 * @param scores by client, in the order of the layers, not negative; null for who brought none.
 * @param noise z.
 * @returns in the order of the layers; may be negative. Null where nobody brought any.
 */
export async function noisedShares(
  scores: readonly (readonly number[] | null)[],
  noise: number,
  words: RandomWords,
): Promise<number[] | null> {
  const updates = scores.flatMap((own, i) => {
    if (own === null) return [];
    const total = own.reduce((a, b) => a + b, 0);
    const shares = Float32Array.from(own, (s) => (total > 0 ? s / total : 0));
    const length = new Length();
    length.add(shares);
    const read = (offset: number, count: number) => shares.subarray(offset, offset + count);
    return [{ client: String(i), samples: 1, length: length.value, read }];
  });
  const layers = scores.find((own) => own !== null)?.length ?? 0;
  if (updates.length === 0 || layers === 0) return null;
  const mean: number[] = [];
  await noisedMean(
    updates,
    layers,
    (_, values) => {
      mean.push(...values);
    },
    { clip: shareClip, noise, words },
  );
  return mean;
}

/** Of several turns' noised shares the mean, without what noise has made negative; null where nothing is left. */
export function averaged(turns: readonly (readonly number[])[]): number[] | null {
  const [first] = turns;
  if (first === undefined) return null;
  const mean = first.map((_, l) =>
    Math.max(
      0,
      turns.reduce((sum, turn) => sum + turn[l]! / turns.length, 0),
    ),
  );
  return mean.some((share) => share > 0) ? mean : null;
}
