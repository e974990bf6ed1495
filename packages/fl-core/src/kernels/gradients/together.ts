import { clone, keep, type Tensor } from '@tensorflow/tfjs-core';
import { defect } from '../defect.ts';

/** Computed with another gradient and not asked for yet. */
const unclaimed = new Set<Tensor>();

/**
 * Gradients by several inputs that one kernel gives at once. tfjs asks for each by a closure in a scope of its own, and
 * for none that is not on a path to a trained parameter: the first closure that is called runs the kernel, and what it
 * does not return is kept for the others. Whoever differentiates calls {@link forgetUnclaimed} in the end.
 *
 * @param run gives the gradients in the order of `names`
 */
export function together(names: readonly string[], run: () => Tensor[]): Record<string, () => Tensor> {
  let results: readonly Tensor[] | null = null;
  const closures = names.map((name, i) => () => {
    if (results === null) {
      results = run();
      results.forEach((tensor, k) => {
        if (k !== i) unclaimed.add(keep(tensor));
      });
      return results[i]!;
    }
    const kept = results[i]!;
    if (!unclaimed.delete(kept)) throw defect(`The gradient by ${name} was asked for twice.`);
    // A handle of the current scope, which tfjs disposes of like any other.
    const own = clone(kept);
    kept.dispose();
    return own;
  });
  return Object.fromEntries(names.map((name, i) => [name, closures[i]!]));
}

/** Disposes of gradients that were computed beside others and never asked for. */
export function forgetUnclaimed(): void {
  for (const tensor of unclaimed) tensor.dispose();
  unclaimed.clear();
}
