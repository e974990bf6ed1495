import type { Tensor } from '@tensorflow/tfjs-core';
import type { Parameters } from '../model.ts';
import { parameter } from '../parameters.ts';
import { layerNorm } from './layer-norm.ts';
import { type KernelOrder, linear, linearOnto } from './linear.ts';

/** Blocks on the parameters `prefix.weight` and `prefix.bias`. */

/** (..., in) -> (..., out). */
export const project = (
  parameters: Parameters,
  x: Tensor,
  prefix: string,
  order: KernelOrder = 'out-in',
): Tensor =>
  linear(x, parameter(parameters, `${prefix}.weight`), parameter(parameters, `${prefix}.bias`), order);

/** residual (..., out) + the map of x (..., in). */
export const projectOnto = (
  residual: Tensor,
  parameters: Parameters,
  x: Tensor,
  prefix: string,
  order: KernelOrder = 'out-in',
): Tensor =>
  linearOnto(
    residual,
    x,
    parameter(parameters, `${prefix}.weight`),
    parameter(parameters, `${prefix}.bias`),
    order,
  );

/** (..., D) -> (..., D). */
export const norm = (parameters: Parameters, x: Tensor, prefix: string, epsilon: number): Tensor =>
  layerNorm(x, parameter(parameters, `${prefix}.weight`), parameter(parameters, `${prefix}.bias`), epsilon);
