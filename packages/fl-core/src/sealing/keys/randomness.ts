/** Where secrets and noise come from. Tests hand in bytes that repeat; nothing else may. */
export interface Randomness {
  bytes(count: number): Uint8Array<ArrayBuffer>;
}

/** `crypto.getRandomValues` takes no more at once. */
const atOnce = 65_536;

/** The device's cryptographic generator, the only one outside of tests. */
export const deviceRandomness: Randomness = {
  bytes(count) {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count; at += atOnce) crypto.getRandomValues(bytes.subarray(at, at + atOnce));
    return bytes;
  },
};
