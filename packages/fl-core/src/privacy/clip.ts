/** An update that is longer than the clip is scaled down to it: what one client can change has a bound. */

/**
 * L2 norm of values that come in pieces, in float64. Value k is added to the running sum k mod 4, so that the result is
 * the same to the last bit however the values are cut; one sum alone would wait for each of its additions, too.
 */
export class Length {
  /** The running sums, that of the next value first. */
  #sums: readonly [number, number, number, number] = [0, 0, 0, 0];
  #count = 0;

  add(values: ArrayLike<number>): void {
    const { length } = values;
    const whole = length - (length % 4);
    let [a, b, c, d] = this.#sums;
    for (let k = 0; k < whole; k += 4) {
      a += values[k]! * values[k]!;
      b += values[k + 1]! * values[k + 1]!;
      c += values[k + 2]! * values[k + 2]!;
      d += values[k + 3]! * values[k + 3]!;
    }
    for (let k = whole; k < length; k++) [a, b, c, d] = [b, c, d, a + values[k]! * values[k]!];
    this.#sums = [a, b, c, d];
    this.#count += length;
  }

  /** The square of {@link value}. */
  get squares(): number {
    const first = (4 - (this.#count % 4)) % 4;
    const [a = 0, b = 0, c = 0, d = 0] = [...this.#sums.slice(first), ...this.#sums.slice(0, first)];
    return a + b + (c + d);
  }

  get value(): number {
    return Math.sqrt(this.squares);
  }
}

/** Room for the rounding of float64, of lengths and of products: the bound is kept whatever they do. */
const margin = 2 ** -30;

/**
 * What an update is multiplied with, in (0, 1]. A length of 0 is left as it is.
 * @param length L2 norm of all its values, of all layers together.
 * @param clip longest length afterwards, S; positive.
 */
export const clipScale = (length: number, clip: number): number =>
  length > clip * (1 - margin) ? (clip * (1 - margin)) / length : 1;
