import { engine, getBackend, getKernel, type KernelConfig, type Tensor } from '@tensorflow/tfjs-core';

/** Whether the current backend has a fused kernel of that name. */
export const hasOwnKernel = (name: string): boolean =>
  // tfjs declares the result as always present, which it is not.
  (getKernel(name, getBackend()) as KernelConfig | undefined) !== undefined;

/**
 * Runs the fused kernel of that name if the current backend has one, and returns its first output; null where the
 * operation has to be composed. The kernels' registry is tfjs's own, so that models know nobody: kernels/ registers
 * what it has, with gradients of the same function.
 */
export function ownKernel<T extends Tensor = Tensor>(
  name: string,
  inputs: Readonly<Record<string, Tensor>>,
  attrs: Readonly<Record<string, string | number | boolean>> = {},
): T | null {
  if (!hasOwnKernel(name)) return null;
  const outputs = engine().runKernel<T | T[]>(name, { ...inputs }, { ...attrs });
  if (!Array.isArray(outputs)) return outputs;
  const [result, ...rest] = outputs;
  forgetOnTape(outputs);
  // What the gradient needs of them is saved on its tape.
  for (const tensor of rest) tensor.dispose();
  return result ?? null;
}

/**
 * Leaves only the first output in the tape's record of the kernel that was just run. Nobody else can reach the others;
 * for each output without a gradient tfjs would fill an array of its size with zeros, the weights of attention included,
 * and hand it to a gradient that has no use for it.
 */
function forgetOnTape(outputs: readonly Tensor[]): void {
  const last = engine().state.activeTape?.at(-1);
  if (last?.outputs[0] !== undefined && last.outputs[0] === outputs[0]) last.outputs.length = 1;
}
