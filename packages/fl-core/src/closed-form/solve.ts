import { EigenvalueDecomposition, inverse, Matrix } from 'ml-matrix';
import { type LabelMap, orderedWeight } from './label-map.ts';
import { inTriangle, type Sums } from './sums.ts';

/**
 * A classifier from sums over samples alone: nobody needs to see one.
 *
 * 1. Ridge regression of the labels on the features (Fani et al., arXiv 2406.01116, Fed3R). How strong the ridge is, is
 *    chosen by generalised cross-validation (Golub, Heath and Wahba 1979), which follows from the sums.
 * 2. Its outputs are taken for normally distributed around a mean of each label, with one covariance, and the
 *    log-probabilities of that are the logits (linear discriminant analysis in C dimensions). Means and covariance are
 *    those of samples that were left out of the regression: an output's distance from its target grows by 1 / (1 - h),
 *    with h the degrees of freedom that the regression has used, a sample. (Not that of the means of the labels: without
 *    its own sample the mean of a label is lower, and where features tell nothing that would be all there is.)
 *
 * Linear again, so that it is the head of the model. {@link spread} and {@link temperature} are measured
 * (docs/results.md, "The head in closed form").
 *
 * @param sums means over `samples` samples; the gram's last value is 1.
 */
export function solveHead(
  map: LabelMap,
  sums: Sums,
  samples: number,
): { readonly weight: Float32Array; readonly bias: Float32Array; readonly ridge: number } {
  const { features: d, classes } = map;
  const n = Math.max(1, samples);
  const { centred, mean, shares, cross } = centredSums(map, sums);
  const { realEigenvalues, eigenvectorMatrix: vectors } = new EigenvalueDecomposition(centred, {
    assumeSymmetric: true,
  });
  const values = realEigenvalues.map((v) => Math.max(0, v));
  const projected = vectors.transpose().mmul(cross); // (D, C)
  const { ridge, freedom } = bestRidge(values, projected, shares, n);
  const scaled = new Matrix(d, classes);
  for (let j = 0; j < d; j++) {
    const by = values[j]! + ridge;
    for (let c = 0; c < classes; c++) scaled.set(j, c, by > 0 ? projected.get(j, c) / by : 0);
  }
  const regression = vectors.mmul(scaled); // (D, C): outputs are shares + (x - mean)' regression
  const outputs = discriminant(regression, cross, centred, shares, n, Math.min(0.98, (freedom - 1) / n));
  const weight = regression.mmul(outputs.weight); // (D, C)
  const shift = shares.map((share, c) => share - dot(mean, regression.getColumn(c))); // of the regression
  const bias = outputs.bias.map((b, c) => b + dot(shift, outputs.weight.getColumn(c)));
  const flat = Float64Array.from(weight.to1DArray(), (v) => v * temperature);
  return {
    weight: orderedWeight(map, flat),
    bias: Float32Array.from(bias, (b) => b * temperature),
    ridge,
  };
}

/** What the logits are multiplied by: the outputs have longer tails than normal ones. */
const temperature = 0.5;

/** What is added to the variance of outputs, as a share of its mean: more where labels have few samples to be known by. */
const spread = (classes: number, samples: number): number => 0.5 + (20 * classes) / samples;

/** Logit of a label that nobody has, below the lowest of the others. */
const unseen = -5;

interface Centred {
  /** Covariance of the features, (D, D). */
  readonly centred: Matrix;
  readonly mean: number[];
  /** Of each label. */
  readonly shares: number[];
  /** Covariance of features and labels, (D, C). */
  readonly cross: Matrix;
}

function centredSums({ features: d, classes }: LabelMap, { gram, labels }: Sums): Centred {
  const mean = Array.from({ length: d }, (_, j) => gram[inTriangle(d + 1, j, d)]!);
  const shares = Array.from({ length: classes }, (_, c) => Math.max(0, labels[d * classes + c]!));
  const centred = new Matrix(d, d);
  for (let row = 0; row < d; row++) {
    for (let column = row; column < d; column++) {
      const value = gram[inTriangle(d + 1, row, column)]! - mean[row]! * mean[column]!;
      centred.set(row, column, value);
      centred.set(column, row, value);
    }
  }
  const cross = new Matrix(d, classes);
  for (let j = 0; j < d; j++)
    for (let c = 0; c < classes; c++) cross.set(j, c, labels[j * classes + c]! - mean[j]! * shares[c]!);
  return { centred, mean, shares, cross };
}

/**
 * The ridge of the least generalised cross-validation, n RSS / (n - f)^2 with f degrees of freedom, from a millionth to a
 * hundred times the mean variance of a feature.
 */
function bestRidge(
  values: readonly number[],
  projected: Matrix,
  shares: readonly number[],
  samples: number,
): { ridge: number; freedom: number } {
  const variance = values.reduce((sum, v) => sum + v, 0) / values.length;
  const power = values.map((_, j) => projected.getRow(j).reduce((sum, p) => sum + p * p, 0));
  const total = shares.reduce((sum, s) => sum + s * (1 - s), 0);
  let best = { error: Number.POSITIVE_INFINITY, ridge: 100 * variance, freedom: 1 };
  for (let step = 0; step <= 32; step++) {
    const ridge = variance * 10 ** (step / 4 - 6);
    let freedom = 1;
    let rest = total;
    for (const [j, value] of values.entries()) {
      const by = value + ridge;
      if (by === 0) continue;
      freedom += value / by;
      rest -= (power[j]! / by) * (2 - value / by);
    }
    if (freedom > 0.98 * samples) continue;
    const error = Math.max(0, rest) / (1 - freedom / samples) ** 2;
    if (error < best.error) best = { error, ridge, freedom };
  }
  return best;
}

/** Logits of a label by the outputs of the regression: (C, C) and (C). @param used h, see {@link solveHead}. */
function discriminant(
  regression: Matrix,
  cross: Matrix,
  centred: Matrix,
  shares: readonly number[],
  samples: number,
  used: number,
): { weight: Matrix; bias: number[] } {
  const classes = shares.length;
  const seen = [...shares.keys()].filter((c) => shares[c]! > 0);
  // Covariance of outputs and labels; of a label's own samples the mean output is shares + together / share.
  const together = cross.transpose().mmul(regression); // (C, C)
  const means = new Matrix(classes, classes);
  for (const c of seen)
    for (let k = 0; k < classes; k++) means.set(c, k, shares[k]! + together.get(c, k) / shares[c]!);
  const between = new Matrix(classes, classes);
  for (const c of seen)
    for (let k = 0; k < classes; k++)
      between.set(c, k, Math.sqrt(shares[c]!) * (means.get(c, k) - shares[k]!));
  const covariance = regression
    .transpose()
    .mmul(centred.mmul(regression))
    .sub(between.transpose().mmul(between))
    .div((1 - used) ** 2);
  for (const c of seen) {
    for (let k = 0; k < classes; k++) {
      const target = k === c ? 1 : 0;
      means.set(c, k, target - (target - means.get(c, k)) / (1 - used));
    }
  }
  const added = (spread(classes, samples) * Math.max(0, covariance.trace())) / classes || 1;
  const inverted = inverse(Matrix.add(covariance, Matrix.eye(classes).mul(added)));
  const weight = means.mmul(inverted).transpose(); // (C outputs, C labels)
  const bias = means.to2DArray().map((mean, c) => {
    if (shares[c]! <= 0) return Number.NaN;
    return Math.log(shares[c]!) - dot(mean, weight.getColumn(c)) / 2;
  });
  const lowest = Math.min(...seen.map((c) => bias[c]!));
  return { weight, bias: bias.map((b) => (Number.isNaN(b) ? lowest + unseen : b)) };
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
