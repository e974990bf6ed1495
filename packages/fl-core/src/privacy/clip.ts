/** An update that is longer than the clip is scaled down to it: what one client can change has a bound. */

/** L2 norm of values that come in pieces, in float64. */
export class Length {
  #squares = 0;

  add(values: ArrayLike<number>): void {
    let squares = 0;
    for (let k = 0; k < values.length; k++) squares += values[k]! * values[k]!;
    this.#squares += squares;
  }

  get value(): number {
    return Math.sqrt(this.#squares);
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
