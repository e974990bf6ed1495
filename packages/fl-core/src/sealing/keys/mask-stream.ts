/** Words that are drawn at once: 256 KiB, which WebCrypto is fastest with (1.26 GB/s in Chromium; half at 1 MiB). */
const chunk = 65_536;
const zeros = new Uint8Array(4 * chunk);

/**
 * Adds the mask of a seed to `words`, or takes it away again, modulo 2^32: the key stream of AES-128-CTR (NIST SP
 * 800-38A) under the seed's first 16 bytes, counter from 0, as little-endian int32.
 * @param words changed in place, any length.
 * @param seed 32 bytes, random or derived; never that of another vector.
 */
export async function addMask(words: Int32Array, seed: Uint8Array<ArrayBuffer>, sign: 1 | -1): Promise<void> {
  const raw = seed.subarray(0, 16);
  const key = await crypto.subtle.importKey('raw', raw, { name: 'AES-CTR' }, false, ['encrypt']);
  const streamAt = (start: number) => keyStream(key, start, Math.min(chunk, words.length - start));
  let next = streamAt(0);
  for (let start = 0; start < words.length; start += chunk) {
    const stream = await next;
    // WebCrypto has threads of its own: it draws the next chunk while this one is added.
    if (start + chunk < words.length) next = streamAt(start + chunk);
    fold(words, start, new Int32Array(stream), sign);
  }
}

/** `count` words of the key stream from word `start` on, a multiple of four. */
function keyStream(key: CryptoKey, start: number, count: number): Promise<ArrayBuffer> {
  const counter = new Uint8Array(16);
  new DataView(counter.buffer).setUint32(12, start / 4); // blocks of four words
  return crypto.subtle.encrypt({ name: 'AES-CTR', counter, length: 64 }, key, zeros.subarray(0, 4 * count));
}

/** A mask to add to words, or to take away. */
export interface Mask {
  readonly seed: Uint8Array<ArrayBuffer>;
  readonly sign: 1 | -1;
}

/** Masks that are drawn beside each other: each chunk goes to a thread of WebCrypto's and back. */
const lanes = 4;

/** {@link addMask} for many masks of the same words. Their seeds are made when they are needed. */
export async function addMasks(words: Int32Array, masks: readonly (() => Promise<Mask>)[]): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let make = masks[next++]; make !== undefined; make = masks[next++]) {
      const { seed, sign } = await make();
      await addMask(words, seed, sign);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** words[start + i] += sign * mask[i] modulo 2^32. */
function fold(words: Int32Array, start: number, mask: Int32Array, sign: 1 | -1): void {
  const count = mask.length;
  if (sign === 1) for (let i = 0; i < count; i++) words[start + i] = (words[start + i]! + mask[i]!) | 0;
  else for (let i = 0; i < count; i++) words[start + i] = (words[start + i]! - mask[i]!) | 0;
}

/** sum[i] += words[i] modulo 2^32. */
export function addWords(sum: Int32Array, words: Int32Array): void {
  fold(sum, 0, words, 1);
}
