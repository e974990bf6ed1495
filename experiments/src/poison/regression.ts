import { type Random, random } from '@strata/fl-core/random';

/** Softmax regression on the features that a head sees: small enough for hundreds of runs, and it really learns. */

export const classes = 3;
export const features = 32;

export interface Samples {
  /** (N, features). */
  readonly inputs: readonly Float64Array[];
  readonly labels: readonly number[];
}

/** (classes, features) and (classes). */
export interface Head {
  readonly weight: Float64Array;
  readonly bias: Float64Array;
}

/** Classes are normal clouds that overlap: the best there is gets nine of ten right. */
const distance = 2;
const batchSize = 16;
const rate = 0.1;

/** The middle of each class, for everybody the same. */
export function middles(seed: number): readonly Float64Array[] {
  const draws = random(seed, 'middles');
  return Array.from({ length: classes }, () => {
    const middle = Float64Array.from({ length: features }, () => draws.normal());
    const norm = Math.sqrt(middle.reduce((sum, x) => sum + x * x, 0));
    return middle.map((x) => (distance * x) / norm);
  });
}

/** @param shares of the classes, with a sum of 1. */
export function drawSamples(
  of: readonly Float64Array[],
  count: number,
  shares: readonly number[],
  draws: Random,
): Samples {
  const labels = Array.from({ length: count }, () => drawClass(shares, draws.uniform()));
  const inputs = labels.map((label) => of[label]!.map((x) => x + draws.normal()));
  return { inputs, labels };
}

function drawClass(shares: readonly number[], at: number): number {
  let sum = 0;
  const drawn = shares.findIndex((share) => {
    sum += share;
    return at < sum;
  });
  return drawn === -1 ? shares.length - 1 : drawn;
}

/** What an epoch of gradient descent in small batches changes of the head, and the mean loss on the way. */
export function train(head: Head, { inputs, labels }: Samples, draws: Random): { delta: Head; loss: number } {
  const at: Head = { weight: head.weight.slice(), bias: head.bias.slice() };
  const order = draws.shuffle([...inputs.keys()]);
  let loss = 0;
  for (let start = 0; start < order.length; start += batchSize) {
    const batch = order.slice(start, start + batchSize);
    const errors = batch.map((n) => {
      const shares = softmax(logits(at, inputs[n]!));
      loss -= Math.log(Math.max(shares[labels[n]!]!, 1e-300)) / order.length;
      return shares.map((p, c) => (p - (c === labels[n] ? 1 : 0)) / batch.length);
    });
    batch.forEach((n, i) => {
      for (const [c, error] of errors[i]!.entries()) {
        at.bias[c]! -= rate * error;
        for (let k = 0; k < features; k++) at.weight[c * features + k]! -= rate * error * inputs[n]![k]!;
      }
    });
  }
  return {
    delta: {
      weight: at.weight.map((w, k) => w - head.weight[k]!),
      bias: at.bias.map((b, c) => b - head.bias[c]!),
    },
    loss,
  };
}

/** Share of samples whose largest logit is their class. */
export function accuracy(head: Head, { inputs, labels }: Samples): number {
  const right = inputs.filter((input, n) => {
    const values = logits(head, input);
    return values.indexOf(Math.max(...values)) === labels[n];
  });
  return right.length / inputs.length;
}

function logits({ weight, bias }: Head, input: Float64Array): number[] {
  return Array.from(bias, (b, c) => {
    let sum = b;
    for (let k = 0; k < features; k++) sum += weight[c * features + k]! * input[k]!;
    return sum;
  });
}

function softmax(values: readonly number[]): number[] {
  const top = Math.max(...values);
  const powers = values.map((v) => Math.exp(v - top));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / total);
}
