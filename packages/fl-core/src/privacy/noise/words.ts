/** Where random bits come from. Noise that protects somebody is from {@link cryptoWords} alone; tests bring their own. */
export interface RandomWords {
  /** A whole number, uniform in [0, 2^32). */
  next(): number;
}

/** Uniform in [0, n), n whole and from 1 to 2^32: without the bias that a remainder has. */
export function below(words: RandomWords, n: number): number {
  const most = 2 ** 32 - (2 ** 32 % n);
  for (;;) {
    const word = words.next();
    if (word < most) return word % n;
  }
}

/** What `crypto.getRandomValues` gives at once at most, 65,536 bytes. */
const wordsAtOnce = 16_384;

/** From the system's generator, by no seed: what was drawn cannot be computed again by anybody. */
export const cryptoWords = (): RandomWords => wordsBy((buffer) => crypto.getRandomValues(buffer));

/** @param fill puts random bits into all of a buffer of 64 KiB. */
export function wordsBy(fill: (buffer: Uint32Array<ArrayBuffer>) => void): RandomWords {
  const buffer = new Uint32Array(wordsAtOnce);
  let used = wordsAtOnce;
  return {
    next: () => {
      if (used === wordsAtOnce) {
        fill(buffer);
        used = 0;
      }
      const word = buffer[used]!;
      buffer[used++] = 0; // what was used is not kept
      return word;
    },
  };
}
