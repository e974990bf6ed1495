import { dispose, engine, type Tensor, valueAndGrads } from '@tensorflow/tfjs-core';
import { forgetUnclaimed } from '../../kernels/index.ts';

/**
 * The value of `f` at `at` and, for a gradient `dy` by that value (1 for a scalar when absent), the gradients by
 * each of `at`. Only paths from `at` to the value are recorded. The caller disposes of everything.
 */
export function differentiate(
  f: (at: Tensor[]) => Tensor,
  at: readonly Tensor[],
  dy?: Tensor,
): { value: Tensor; gradients: Tensor[] } {
  try {
    const { value, grads } = valueAndGrads((...values: Tensor[]) => f(values))([...at], dy);
    return { value, gradients: grads };
  } catch (error) {
    releaseTape();
    throw error;
  } finally {
    forgetUnclaimed();
  }
}

/** Disposes of what tfjs had saved for a backward pass that an error cut off; it keeps that for ever (C4). */
function releaseTape(): void {
  const { state } = engine();
  for (const { saved } of state.activeTape ?? []) dispose(saved ?? []);
  state.activeTape = [];
}
