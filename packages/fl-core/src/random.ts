/**
 * Seeded randomness (R11): the same seed gives the same numbers in every tab, worker and Node process.
 * Generator: sfc32 (Chris Doty-Humphrey, PractRand), seeded from a string through a 128-bit FNV-1a/murmur mix.
 */
export interface Random {
  /** Uniform in [0, 1), 32 bits of randomness. */
  uniform(): number;
  /** Standard normal (Box-Muller, one value a call). */
  normal(): number;
  /** Uniform integer in [0, n). `n` must be a positive integer. */
  below(n: number): number;
  /** A new array with the elements of `items` in random order (Fisher-Yates). */
  shuffle<T>(items: readonly T[]): T[];
}

/** Derives four 32-bit words from a text seed (cyrb128 construction). */
function words(seed: string): [number, number, number, number] {
  let h1 = 1779033703;
  let h2 = 3144134277;
  let h3 = 1013904242;
  let h4 = 2773480762;
  for (let i = 0; i < seed.length; i++) {
    const k = seed.charCodeAt(i);
    h1 = h2 ^ Math.imul(h1 ^ k, 597399067);
    h2 = h3 ^ Math.imul(h2 ^ k, 2869860233);
    h3 = h4 ^ Math.imul(h3 ^ k, 951274213);
    h4 = h1 ^ Math.imul(h4 ^ k, 2716044179);
  }
  h1 = Math.imul(h3 ^ (h1 >>> 18), 597399067);
  h2 = Math.imul(h4 ^ (h2 >>> 22), 2869860233);
  h3 = Math.imul(h1 ^ (h3 >>> 17), 951274213);
  h4 = Math.imul(h2 ^ (h4 >>> 19), 2716044179);
  return [(h1 ^ h2 ^ h3 ^ h4) >>> 0, (h2 ^ h1) >>> 0, (h3 ^ h1) >>> 0, (h4 ^ h1) >>> 0];
}

/**
 * A generator derived from `parts`; different parts give independent streams.
 * @example const r = random(run.seed, 'round', 3, 'client', id);
 */
export function random(...parts: readonly (string | number)[]): Random {
  let [a, b, c, d] = words(parts.map(String).join('\u0000'));
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 15; i++) next();
  const uniform = () => next() / 4294967296;
  const below = (n: number) => Math.floor(uniform() * n);
  return {
    uniform,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    below,
    shuffle: (items) => {
      const out = [...items];
      for (let i = out.length - 1; i > 0; i--) {
        const j = below(i + 1);
        [out[i], out[j]] = [out[j]!, out[i]!];
      }
      return out;
    },
  };
}

/** A 32-bit seed derived from `parts`, for handing to another process. */
export function deriveSeed(...parts: readonly (string | number)[]): number {
  return Math.floor(random(...parts).uniform() * 4294967296);
}
