import { AggregationError } from './error.ts';

/**
 * Server optimizers of Reddi et al., "Adaptive Federated Optimization" (arXiv 2003.00295, Algorithm 2), and FedAvgM
 * of Hsu et al. (arXiv 1909.06335): the aggregated change of a layer is taken as a negative gradient. As in the
 * source there is no bias correction.
 */
export type ServerOptimizer =
  /** With learning rate 1 plain federated averaging (R6). */
  | { readonly name: 'fedavg'; readonly learningRate: number }
  | { readonly name: 'fedavgm'; readonly learningRate: number; readonly momentum: number }
  | ({ readonly name: 'fedadagrad'; readonly beta1: number } & AdaptiveOptions)
  | ({
      readonly name: 'fedadam' | 'fedyogi';
      readonly beta1: number;
      readonly beta2: number;
    } & AdaptiveOptions);

interface AdaptiveOptions {
  readonly learningRate: number;
  /** Adaptivity, > 0; the source recommends 0.001. */
  readonly tau: number;
}

/** What an optimizer remembers of one layer, as long as the layer; empty arrays where it needs nothing. */
export interface OptimizerState {
  /** First moment or momentum. */
  readonly m: Float32Array<ArrayBuffer>;
  /** Second moment. */
  readonly v: Float32Array<ArrayBuffer>;
}

/** The state before the first step of a layer of `elements` values; v starts at tau^2. Throws `bad-config`. */
export function initialState(optimizer: ServerOptimizer, elements: number): OptimizerState {
  checkOptimizer(optimizer);
  switch (optimizer.name) {
    case 'fedavg':
      return { m: new Float32Array(0), v: new Float32Array(0) };
    case 'fedavgm':
      return { m: new Float32Array(elements), v: new Float32Array(0) };
    case 'fedadagrad':
    case 'fedadam':
    case 'fedyogi':
      return { m: new Float32Array(elements), v: new Float32Array(elements).fill(optimizer.tau ** 2) };
    default:
      return optimizer satisfies never;
  }
}

/**
 * One step, in place, on the piece of a layer that starts at `offset`: `delta` is the aggregated change of
 * `weights[offset ...]`. Computed in float64, kept in float32. A layer that nobody trained gets no step (R6): neither
 * its weights nor its state move.
 */
export function serverStep(
  optimizer: ServerOptimizer,
  weights: Float32Array,
  state: OptimizerState,
  offset: number,
  delta: Float64Array,
): void {
  const { m, v } = state;
  const { learningRate } = optimizer;
  switch (optimizer.name) {
    case 'fedavg':
      for (let k = 0; k < delta.length; k++) weights[offset + k]! += learningRate * delta[k]!;
      return;
    case 'fedavgm':
      for (let k = 0; k < delta.length; k++) {
        const at = offset + k;
        m[at] = optimizer.momentum * m[at]! + delta[k]!;
        weights[at]! += learningRate * m[at]!;
      }
      return;
    case 'fedadagrad':
    case 'fedadam':
    case 'fedyogi': {
      const { beta1, tau } = optimizer;
      const second = secondMoment(optimizer);
      for (let k = 0; k < delta.length; k++) {
        const at = offset + k;
        const d = delta[k]!;
        m[at] = beta1 * m[at]! + (1 - beta1) * d;
        v[at] = second(v[at]!, d * d);
        weights[at]! += (learningRate * m[at]!) / (Math.sqrt(v[at]!) + tau);
      }
      return;
    }
    default:
      optimizer satisfies never;
  }
}

type Adaptive = Extract<ServerOptimizer, { name: 'fedadagrad' | 'fedadam' | 'fedyogi' }>;

/** How v moves towards the squared change. */
function secondMoment(optimizer: Adaptive): (v: number, square: number) => number {
  switch (optimizer.name) {
    case 'fedadagrad':
      return (v, square) => v + square;
    case 'fedadam': {
      const { beta2 } = optimizer;
      return (v, square) => beta2 * v + (1 - beta2) * square;
    }
    case 'fedyogi': {
      const { beta2 } = optimizer;
      return (v, square) => v - (1 - beta2) * square * Math.sign(v - square);
    }
    default:
      return optimizer satisfies never;
  }
}

function checkOptimizer(optimizer: ServerOptimizer): void {
  const share = (n: number) => n >= 0 && n < 1;
  const positive = (n: number) => n > 0 && Number.isFinite(n);
  const valid =
    positive(optimizer.learningRate) &&
    (!('momentum' in optimizer) || share(optimizer.momentum)) &&
    (!('beta1' in optimizer) || (share(optimizer.beta1) && positive(optimizer.tau))) &&
    (!('beta2' in optimizer) || share(optimizer.beta2));
  if (valid) return;
  throw new AggregationError(
    'bad-config',
    `${JSON.stringify(optimizer)} is out of range.`,
    'Give a positive learning rate and tau, and momentum and betas in [0, 1).',
  );
}
