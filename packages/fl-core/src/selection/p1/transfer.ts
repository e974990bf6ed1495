import type { Ascent } from './ascent.ts';

const steps = 120;

/**
 * Upper bound on P1 (lambda >= 0) for whole cohorts, by which large lambdas and many clients are bounded well.
 *
 * |m_i - m_j| is at least u (m_i - m_j) for every u in [-1, 1]. With such a u for each pair and layer the clients
 * become independent: client i gets s_il - p_il for layer l, where p is what it pays the others. Payments of a layer
 * can come from pairs exactly when the k largest of them add up to at most lambda k (N - k), for every k, and all of
 * them to 0: when they lie in the permutahedron of lambda (N - 1, N - 3, ..., 1 - N). A projected subgradient method
 * looks for the payments of the lowest bound, beginning with those that give everybody the mean score.
 * The masks it meets are tried as solutions.
 */
export function transferBound(ascent: Ascent): number {
  const { clients, layers, scores, lambda } = ascent.problem;
  const projection = new Permutahedron(
    Float64Array.from({ length: clients }, (_, k) => lambda * (clients - 1 - 2 * k)),
  );
  // projecting the scores takes their mean away too, as payments add up to 0
  const payments = scores.slice();
  const gains = new Float64Array(clients * layers);
  let bound = Number.POSITIVE_INFINITY;
  let step = 1;
  let stalled = 0;
  for (let s = 0; s < steps && !ascent.effort.spent; s++) {
    for (let l = 0; l < layers; l++) projection.project(payments, l, layers);
    for (let j = 0; j < gains.length; j++) gains[j] = -payments[j]!;
    const value = ascent.respond(gains);
    if (value < bound) {
      bound = value;
      stalled = 0;
    } else if (++stalled === 4) {
      step /= 2;
      stalled = 0;
    }
    const spread = ascent.counts.reduce((sum, k) => sum + (k * (clients - k)) / clients, 0);
    const stride = (step * (value - ascent.bestValue)) / spread;
    for (let j = 0; j < payments.length; j++) payments[j]! += stride * ascent.mask[j]!;
    if (s % 10 === 0) ascent.ascend(lambda, 4);
    ascent.keep();
    ascent.effort.spend(4 * clients * layers); // for the projections
    if (spread === 0 || ascent.proves(bound)) break;
  }
  return bound;
}

/**
 * Euclidean projection onto the permutahedron of a descending vector w, all vectors whose k largest entries add up to
 * at most those of w, and all entries to its sum: subtract from the sorted input its isotonic fit to input minus w
 * (Blondel et al., "Fast Differentiable Sorting and Ranking", arXiv 2002.08871, by pool adjacent violators).
 */
class Permutahedron {
  readonly #vertex: Float64Array;
  readonly #order: Uint32Array;
  /** Pooled blocks: their sums and lengths. */
  readonly #sum: Float64Array;
  readonly #length: Uint32Array;

  constructor(vertex: Float64Array) {
    this.#vertex = vertex;
    this.#order = Uint32Array.from(vertex.keys());
    this.#sum = new Float64Array(vertex.length);
    this.#length = new Uint32Array(vertex.length);
  }

  /** Projects column `column` of the matrix `values` (N, `width`) in place. */
  project(values: Float64Array, column: number, width: number): void {
    const at = (i: number) => i * width + column;
    const order = this.#order.sort((a, b) => values[at(b)]! - values[at(a)]! || a - b);
    const sum = this.#sum;
    const length = this.#length;
    let blocks = 0;
    for (let k = 0; k < order.length; k++) {
      sum[blocks] = values[at(order[k]!)]! - this.#vertex[k]!;
      length[blocks] = 1;
      // the fit must descend: pool what does not
      while (blocks > 0 && sum[blocks]! * length[blocks - 1]! >= sum[blocks - 1]! * length[blocks]!) {
        sum[blocks - 1]! += sum[blocks]!;
        length[blocks - 1]! += length[blocks]!;
        blocks--;
      }
      blocks++;
    }
    let k = 0;
    for (let b = 0; b < blocks; b++) {
      const fit = sum[b]! / length[b]!;
      for (const end = k + length[b]!; k < end; k++) values[at(order[k]!)]! -= fit;
    }
  }
}
