import { below, type RandomWords } from '../noise/words.ts';

/**
 * The samples of a step: each of `count` with probability min(1, `batchSize` / `count`), apart from all others (Poisson
 * sampling), exactly: by whole numbers alone. Often fewer or more than `batchSize`, now and then none; who is in must
 * stay secret, which is what a step tells less for (Mironov, Talwar, Zhang, arXiv 1908.10530).
 * @param count samples that there are, 0 to 2^32 - 1.
 * @param batchSize how many are to be expected, 1 or more.
 * @returns indices below `count`, in rising order.
 */
export function drawSamples(count: number, batchSize: number, words: RandomWords): number[] {
  const chosen: number[] = [];
  for (let i = 0; i < count; i++) {
    if (batchSize >= count || below(words, count) < batchSize) chosen.push(i);
  }
  return chosen;
}
