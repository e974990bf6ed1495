import { StrataError } from '../error.ts';
import type { LayerSpec } from '../models/layout.ts';
import type { NamedTensor } from '../protocol/safetensors.ts';
import type { LabelMap } from './label-map.ts';

/**
 * What a head is computed from in closed form: of a client's samples the mean of x x' and of x y', where x are a sample's
 * features with a 1 behind them, (D + 1), and y is 1 at its label and 0 elsewhere, (C). They add up over clients to what
 * one place with all samples would have, so that it does not matter how labels are spread (Fani et al., arXiv 2406.01116).
 */

export const gramName = 'closed-form.gram';
export const labelsName = 'closed-form.labels';

/** Values of the upper triangle of a symmetric matrix of `n` rows, its diagonal included. */
export const triangle = (n: number): number => (n * (n + 1)) / 2;

/** Place of (row, column), row <= column, in the triangle of `n` rows, which is kept row by row. */
export const inTriangle = (n: number, row: number, column: number): number =>
  row * n - (row * (row - 1)) / 2 + column - row;

/** What is sent instead of the head, under its name. */
export const sumsLayer = ({ layer, features, classes }: LabelMap): LayerSpec => ({
  name: layer.name,
  role: 'head',
  tensors: [
    { name: gramName, shape: [triangle(features + 1)] },
    { name: labelsName, shape: [features + 1, classes] },
  ],
});

/** Means of x x', its upper triangle, and of x y', (D + 1, C). */
export interface Sums {
  readonly gram: Float64Array;
  readonly labels: Float64Array;
}

/** As they are sent. */
export const tensorsOf = (map: LabelMap, { gram, labels }: Sums): NamedTensor[] => [
  { name: gramName, shape: [gram.length], data: Float32Array.from(gram) },
  { name: labelsName, shape: [map.features + 1, map.classes], data: Float32Array.from(labels) },
];

/** The sums among tensors that were sent or kept. */
export function sumsIn(tensors: readonly NamedTensor[]): Sums {
  const of = (name: string) => Float64Array.from(tensors.find((t) => t.name === name)?.data ?? []);
  return { gram: of(gramName), labels: of(labelsName) };
}

/** Adds samples up, in float64 and in the order in which they come. */
export class SampleSums {
  readonly #features: number;
  readonly #classes: number;
  readonly #gram: Float64Array;
  readonly #labels: Float64Array;
  #samples = 0;

  constructor({ features, classes }: Pick<LabelMap, 'features' | 'classes'>) {
    this.#features = features;
    this.#classes = classes;
    this.#gram = new Float64Array(triangle(features + 1));
    this.#labels = new Float64Array((features + 1) * classes);
  }

  get samples(): number {
    return this.#samples;
  }

  /** @param features (B, D). @param ids labels, (B). Throws RangeError for a label that is no class. */
  add(features: Float32Array, ids: Int32Array): void {
    const [width, classes, gram, labels] = [this.#features, this.#classes, this.#gram, this.#labels];
    const x = new Float64Array(width + 1);
    x[width] = 1;
    for (const [i, label] of ids.entries()) {
      if (label < 0 || label >= classes) throw new RangeError(`label ${label} of ${classes}`);
      x.set(features.subarray(i * width, (i + 1) * width));
      let at = 0;
      for (let row = 0; row <= width; row++) {
        const value = x[row]!;
        labels[row * classes + label]! += value;
        for (let column = row; column <= width; column++) gram[at++]! += value * x[column]!;
      }
    }
    this.#samples += ids.length;
  }

  /** Means over the samples; zeros of none. */
  means(): Sums {
    const share = 1 / Math.max(1, this.#samples);
    return { gram: this.#gram.map((v) => v * share), labels: this.#labels.map((v) => v * share) };
  }
}

/**
 * Refuses means that no samples can have, whatever their features. What it lets through is bounded in length by the
 * run's rule, as updates are. float32 and sums of a million samples stay within the tolerance.
 * @throws StrataError `bad-update`
 */
export function checkSums({ features, classes }: Pick<LabelMap, 'features' | 'classes'>, sums: Sums): void {
  const { gram, labels } = sums;
  const n = features + 1;
  const length = Float64Array.from({ length: n }, (_, j) => Math.sqrt(gram[inTriangle(n, j, j)]!));
  const near = (a: number, b: number, size: number) => Math.abs(a - b) <= tolerance * (size + tolerance);
  const shares = labels.subarray(features * classes);
  if (length.some(Number.isNaN)) throw impossible('a feature has a negative mean square');
  if (!near(gram[inTriangle(n, features, features)]!, 1, 1)) throw impossible('they are not means');
  if (shares.some((share) => share < -tolerance)) throw impossible('a label has a negative share');
  for (let row = 0; row < n; row++) {
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      const value = labels[row * classes + c]!;
      sum += value;
      const most = length[row]! * Math.sqrt(Math.max(0, shares[c]!));
      if (Math.abs(value) > most + tolerance * (length[row]! + tolerance))
        throw impossible('a label has more of a feature than there is of it');
    }
    if (!near(sum, gram[inTriangle(n, row, features)]!, length[row]! * Math.sqrt(classes)))
      throw impossible('their labels do not add up to their features');
    for (let column = row + 1; column < n; column++) {
      const most = length[row]! * length[column]!;
      if (Math.abs(gram[inTriangle(n, row, column)]!) > most + tolerance * (most + tolerance))
        throw impossible('two features have more in common than each has by itself');
    }
  }
}

const tolerance = 1e-3;

const impossible = (why: string): StrataError =>
  new StrataError(
    'bad-update',
    `No samples have these sums: ${why}.`,
    'Load the page again; it may be of an older version, or the device computes wrongly.',
  );
