/**
 * How many of a sample are marked, when `drawn` are taken of `total`, of whom `marked` are. The tails are summed from
 * where they are smallest, so that probabilities of 2^-40 and below keep their digits.
 */
export class Hypergeometric {
  readonly #total: number;
  readonly #marked: number;
  readonly #drawn: number;
  readonly #log: LogFactorials;

  constructor(total: number, marked: number, drawn: number, log: LogFactorials) {
    this.#total = total;
    this.#marked = marked;
    this.#drawn = drawn;
    this.#log = log;
  }

  /** P(X <= x). */
  atMost(x: number): number {
    return x > (this.#marked * this.#drawn) / this.#total
      ? 1 - this.#tail(this.#drawn - x - 1, this.#total - this.#marked)
      : this.#tail(x, this.#marked);
  }

  /** The largest x with P(X <= x) < p, up to the rounding of the last term. */
  quantile(p: number): number {
    return this.#quantile(p, this.#marked);
  }

  /** The same from above: the smallest x with P(X > x) < p. */
  quantileFromAbove(p: number): number {
    return this.#drawn - this.#quantile(p, this.#total - this.#marked) - 1;
  }

  #probability(x: number, marked: number): number {
    const { factorial } = this.#log;
    const [total, drawn] = [this.#total, this.#drawn];
    if (x < 0 || x > drawn || x > marked || total + x < marked + drawn) return 0;
    return Math.exp(
      factorial(drawn) +
        factorial(marked) +
        factorial(total - marked) +
        factorial(total - drawn) -
        factorial(x) -
        factorial(drawn - x) -
        factorial(marked - x) -
        factorial(total) -
        factorial(total - drawn - marked + x),
    );
  }

  #tail(from: number, marked: number): number {
    const [total, drawn] = [this.#total, this.#drawn];
    let sum = 0;
    let x = from;
    let term = this.#probability(x, marked);
    while (term > sum * 1e-16) {
      sum += term;
      term *= (x * (total - marked - drawn + x)) / ((marked - x + 1) * (drawn - x + 1));
      x--;
    }
    return sum;
  }

  #quantile(p: number, marked: number): number {
    const [total, drawn] = [this.#total, this.#drawn];
    // Hoeffding: below this there is less than p.
    const hoeffding = drawn * (marked / total - Math.sqrt(-Math.log(p) / (2 * drawn)));
    let x = Math.floor(Math.max(-1, marked + drawn - total - 1, hoeffding));
    let sum = this.#tail(x, marked);
    let term = this.#probability(x, marked);
    while (sum < p && x < drawn) {
      term =
        term > 0
          ? (term / (x + 1) / (total - marked - drawn + x + 1)) * (marked - x) * (drawn - x)
          : this.#probability(x + 1, marked);
      sum += term;
      x++;
    }
    return x - 1;
  }
}

/** log(n!) for whole numbers up to a limit, summed once. */
export class LogFactorials {
  readonly #sums: Float64Array;

  constructor(most: number) {
    this.#sums = new Float64Array(most + 1);
    for (let n = 2; n <= most; n++) this.#sums[n] = this.#sums[n - 1]! + Math.log(n);
  }

  readonly factorial = (n: number): number => this.#sums[n]!;
}
