import {
  engine,
  getBackend,
  getKernel,
  type KernelConfig,
  type Tensor,
  tensor1d,
} from '@tensorflow/tfjs-core';

/** A parameter in an optimizer step, with the optimizer's state of it. */
export interface StepItem {
  readonly parameter: Tensor;
  /** Used up: the result may take over its memory. The caller still disposes of it. */
  readonly gradient: Tensor;
  /** Changed in place; zeros of the parameter's shape before the first step. */
  readonly state: readonly Tensor[];
  /** Whether weight decay applies. */
  readonly decays: boolean;
}

/**
 * What a step depends on beside its items, by the optimizer's names. On a device they are a tensor, so that the same
 * commands do for every step.
 */
export interface Pace {
  readonly numbers: Readonly<Record<string, number>>;
  /** The same in their order, (n). The caller owns it. */
  readonly tensor: Tensor;
}

export interface AdamWStep {
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Number of this step, from 1. */
  readonly step: number;
}

/** The numbers of one step of AdamW (arXiv 1711.05101). */
export const adamWNumbers = ({ learningRate, weightDecay, beta1, beta2, epsilon, step }: AdamWStep) => ({
  rate: learningRate / (1 - power(beta1, step)),
  decay: 1 - learningRate * weightDecay,
  beta1,
  beta2,
  correction: 1 / Math.sqrt(1 - power(beta2, step)),
  epsilon,
});

/** By squaring: `**` differs in its last bit between versions of V8, and so would what two devices train. */
function power(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let left = exponent; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}

/** The pace of one step; the caller disposes of its tensor. */
export const paceOf = (numbers: Readonly<Record<string, number>>): Pace => ({
  numbers,
  tensor: tensor1d(Object.values(numbers), 'float32'),
});

/**
 * One step of AdamW over all parameters at once, at a pace of {@link adamWNumbers}; `state` is the first and the second
 * moment. Returns the new values in the order of the items, which the caller owns, or null where the current backend has
 * no such kernel and the step has to be composed.
 */
export const fusedAdamW = (items: readonly StepItem[], pace: Pace): Tensor[] | null =>
  run('StrataAdamW', items, pace);

/**
 * The same for stochastic gradient descent with momentum (heavy ball, dampening 0), at a pace of `rate` and `momentum`;
 * `state` is the velocity.
 */
export const fusedMomentum = (items: readonly StepItem[], pace: Pace): Tensor[] | null =>
  run('StrataMomentum', items, pace);

function run(kernel: string, items: readonly StepItem[], { numbers, tensor }: Pace): Tensor[] | null {
  // tfjs declares the result as always present, which it is not.
  if ((getKernel(kernel, getBackend()) as KernelConfig | undefined) === undefined) return null;
  const inputs: Record<string, Tensor> = { pace: tensor };
  const attrs: Record<string, number | boolean> = { ...numbers, count: items.length };
  for (const [k, { parameter, gradient, state, decays }] of items.entries()) {
    inputs[`p${k}`] = parameter;
    inputs[`g${k}`] = gradient;
    for (const [j, tensor] of state.entries()) inputs[`s${k}_${j}`] = tensor;
    attrs[`decay${k}`] = decays;
  }
  return engine().runKernel(kernel, inputs, attrs);
}
