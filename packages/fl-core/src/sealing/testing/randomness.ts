import { random } from '../../random.ts';
import type { Randomness } from '../keys/randomness.ts';

/** The same bytes for the same seed: for tests alone. */
export function repeatable(...seed: readonly (string | number)[]): Randomness {
  const source = random('sealing', ...seed);
  return {
    bytes(count) {
      const bytes = new Uint8Array(count);
      for (let i = 0; i < count; i++) bytes[i] = source.below(256);
      return bytes;
    },
  };
}

/** Words of all sizes, up to the ends of an int32. */
export function someWords(length: number, ...seed: readonly (string | number)[]): Int32Array {
  return new Int32Array(repeatable('words', ...seed).bytes(4 * length).buffer);
}
