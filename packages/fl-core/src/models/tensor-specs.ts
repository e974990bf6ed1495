import type { InitialValues, TensorSpec } from './layout.ts';

/** Tensors that architectures are made of; `weight` tensors of linear maps are [out, in], as in PyTorch. */

/** Keeps the variance of its input: std 1 / sqrt(inputs). */
export const fanIn = (inputs: number): InitialValues => ({ kind: 'normal', std: 1 / Math.sqrt(inputs) });

/** Of embedding tables. */
export const small: InitialValues = { kind: 'normal', std: 0.02 };

export function linearTensors(
  prefix: string,
  inputs: number,
  outputs: number,
  initial = fanIn(inputs),
): TensorSpec[] {
  return [
    { name: `${prefix}.weight`, shape: [outputs, inputs], initial },
    { name: `${prefix}.bias`, shape: [outputs] },
  ];
}

export function normTensors(prefix: string, width: number): TensorSpec[] {
  return [
    { name: `${prefix}.weight`, shape: [width], initial: { kind: 'ones' } },
    { name: `${prefix}.bias`, shape: [width] },
  ];
}

export const table = (name: string, rows: number, width: number): TensorSpec => ({
  name,
  shape: [rows, width],
  initial: small,
});

/** Part of the head that a pretrained file may lack. */
export const optional = (tensors: readonly TensorSpec[]): TensorSpec[] =>
  tensors.map((tensor) => ({ ...tensor, source: 'file-or-drawn' }));

/**
 * The last linear map, whose outputs are the labels. It begins at zero: a drawn one pulls the layers below after its noise
 * before it has learned anything, which cost 3 to 10 points in five rounds (docs/results.md, "The fresh head"). No
 * gradient goes below a head of zeros, so that the first scores prefer no layer, and strategies that go by them let the
 * first round train the head alone.
 */
export const forLabels = (tensors: readonly TensorSpec[]): TensorSpec[] =>
  tensors.map(({ initial: _, ...tensor }) => ({ ...tensor, source: 'labels' }));
