import { below, type RandomWords } from './words.ts';

/** Largest `bits` of {@link discreteGaussian}: the fraction of a standard deviation is then one random word. */
export const mostBits = 32;

/**
 * Whole numbers k with probability in proportion to `exp(-k^2 / (2 sigma^2))`, sigma = 2^bits: the discrete Gaussian of
 * Canonne, Kamath and Steinke (arXiv 2004.00010), whose RDP on whole vectors is at most that of the continuous one.
 * Sampled exactly, by Karney's algorithm (arXiv 1303.6257): by comparisons of random bits alone, with no logarithm and
 * no rounding, so that no low bits of a float can give away what lies beneath (Mironov, CCS 2012).
 * @param bits whole, from 0 to {@link mostBits}.
 */
export function discreteGaussian(words: RandomWords, bits: number): () => number {
  const size = 2 ** bits;
  const chance = chances(words);
  return () => {
    for (;;) {
      const k = chance.wholePart();
      if (!chance.allOf(k * (k - 1))) continue;
      const negative = words.next() >= 2 ** 31;
      // x = j / 2^bits, the fraction of a deviation that lies beyond k of them
      const j = bits === 0 ? 0 : Math.floor(words.next() / 2 ** (32 - bits));
      if (negative && k === 0 && j === 0) continue; // zero is not counted twice
      if (!chance.fraction(k, j * 2 ** (32 - bits))) continue;
      const value = k * size + j;
      return negative ? -value : value;
    }
  };
}

/** Events whose probabilities are exponentials, out of comparisons of uniform numbers (von Neumann, 1951). */
interface Chances {
  /** k >= 0 with probability `exp(-k / 2) (1 - exp(-1/2))`. */
  wholePart(): number;
  /** True with probability exp(-n / 2). */
  allOf(n: number): boolean;
  /** True with probability exp(-x (2k + x) / 2), x = word / 2^32. */
  fraction(k: number, word: number): boolean;
}

/** A number in [0, 1): its first 32 bits are a word, and these the next ones, as far as a comparison needed them. */
type Digits = number[];
const none: Digits = [];

function chances(words: RandomWords): Chances {
  /** The digits that the last {@link less} drew for its two numbers. */
  let [lessDigits, moreDigits] = [none, none];

  /** Whether a new number is less than one of first word `more`; the new one's first word is `word`. */
  const less = (word: number, more: number, digits: Digits): boolean => {
    lessDigits = none;
    if (word !== more) return word < more;
    [lessDigits, moreDigits] = [[], [...digits]];
    for (let i = 0; ; i++) {
      const a = words.next();
      lessDigits.push(a);
      moreDigits[i] ??= words.next();
      if (a !== moreDigits[i]) return a < moreDigits[i]!;
    }
  };

  /** True with probability (2k + x) / (2k + 2). */
  const step = (k: number, x: number): boolean => {
    const choice = below(words, 2 * k + 2);
    return choice < 2 * k || (choice === 2 * k && words.next() < x);
  };

  /** True with probability exp(-1/2): a falling run of numbers, the first below 1/2, has an even length. */
  const half = (): boolean => {
    let word = words.next();
    if (word >= 2 ** 31) return true;
    let digits = none;
    for (let even = false; ; even = !even) {
      const next = words.next();
      if (!less(next, word, digits)) return even;
      [word, digits] = [next, lessDigits];
    }
  };

  /** True with probability exp(-x (2k + x) / (2k + 2)): each number of the run is also taken by chance. */
  const part = (k: number, x: number): boolean => {
    let word = words.next();
    // x has no bits beyond its word
    if (word >= x || !step(k, x)) return true;
    let digits = none;
    for (let even = false; ; even = !even) {
      const next = words.next();
      if (!less(next, word, digits)) return even;
      const drawn = lessDigits;
      if (!step(k, x)) return even;
      [word, digits] = [next, drawn];
    }
  };

  return {
    wholePart: () => {
      let k = 0;
      while (half()) k += 1;
      return k;
    },
    allOf: (n) => {
      for (let i = 0; i < n; i++) if (!half()) return false;
      return true;
    },
    fraction: (k, x) => {
      for (let i = 0; i <= k; i++) if (!part(k, x)) return false;
      return true;
    },
  };
}
