/**
 * Scores of one layer that are no probe's yet, from its gradients on each of a probe's batches, B arrays of P numbers.
 * Batches count alike. All are the larger, the more they promise of training the layer.
 */

/** Added to the root of Adam's second moment. */
const epsilon = 1e-8;

type Batches = readonly Float32Array[];

/** Adam's first step along a gradient, a unit of rate. */
export const adamSign = (g: number): number => g / (Math.abs(g) + epsilon);

/** Sums over the parameters of what `term` makes of a parameter's gradients. */
function sumOf(batches: Batches, term: (values: readonly number[]) => number): number {
  const size = batches[0]?.length ?? 0;
  let sum = 0;
  for (let k = 0; k < size; k++) sum += term(batches.map((g) => g[k]!));
  return sum;
}

/** Over all ordered pairs of different batches, their mean. */
function overPairs(values: readonly number[], term: (a: number, b: number) => number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    for (let j = 0; j < values.length; j++) if (i !== j) sum += term(values[i]!, values[j]!);
  }
  return sum / (values.length * (values.length - 1));
}

/**
 * The squared norm of the gradient itself, without what the batches' noise adds to that of their mean: the inner product
 * of the gradients of different batches. May be negative.
 */
export const crossNorm = (batches: Batches): number => sumOf(batches, (g) => overPairs(g, (a, b) => a * b));

/** The decrease of the loss on one batch by Adam's first step on another, to first order, a unit of rate. */
export const crossDecrease = (batches: Batches): number =>
  sumOf(batches, (g) => overPairs(g, (a, b) => a * adamSign(b)));

/**
 * The decrease by a step of Adam once its moments know the batches, to first order, a unit of rate: the mean gradient
 * times itself over the root of the mean square. A parameter on which batches disagree counts little.
 */
export const steadyDecrease = (batches: Batches): number =>
  sumOf(batches, (g) => {
    const mean = meanOf(g);
    return (mean * mean) / (Math.sqrt(meanOf(g.map((v) => v * v))) + epsilon);
  });

/**
 * The decrease by the best step along the gradient g, by the loss's second order along it: ||g||^4 / g'Hg, twice that
 * decrease; H g by one finite difference. Where the loss curves downwards its size counts.
 * @param moved the gradient `step` away along g / ||g||.
 */
export function curvatureCorrected(gradient: Float32Array, moved: Float32Array, step: number): number {
  let [square, along] = [0, 0];
  for (let k = 0; k < gradient.length; k++) {
    square += gradient[k]! ** 2;
    along += gradient[k]! * (moved[k]! - gradient[k]!);
  }
  if (square === 0) return 0;
  // g'(g(theta + step u) - g) / step = g'H u, and g = ||g|| u.
  const curvature = Math.abs((along / step) * Math.sqrt(square));
  return square ** 2 / Math.max(curvature, Number.MIN_VALUE);
}

export function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
}

/** The mean of the batches' gradients, (P). */
export const meanGradient = (batches: Batches): Float32Array =>
  batches[0]!.map((_, k) => meanOf(batches.map((g) => g[k]!)));

const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
