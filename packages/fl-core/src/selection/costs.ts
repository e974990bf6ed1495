import { StrataError } from '../error.ts';

/** What one client was measured to need for one step, in milliseconds. */
export interface StepTimes {
  /** Forward pass through everything, and backward through what is always trained. */
  readonly base: number;
  /** Backward through each layer for the gradient of its input, (L), in forward order. */
  readonly passing: readonly number[];
  /** On top of that, for the gradient of the layer's own parameters and their update, (L). */
  readonly training: readonly number[];
}

/** Layers count alike: c_l = 1. */
export function costsInLayers(layers: number): number[] {
  return new Array<number>(layers).fill(1);
}

/** c_l is the size of the layer's update; `bytes` (L). */
export function costsInBytes(bytes: readonly number[]): number[] {
  if (bytes.every((b) => Number.isFinite(b) && b > 0)) return [...bytes];
  throw new StrataError(
    'bad-layers',
    `Layer sizes are [${bytes.join(', ')}].`,
    'Give one positive size a layer.',
  );
}

/**
 * Milliseconds of a round with this mask. Time is not additive over layers: the backward pass runs from the output
 * down to the shallowest chosen layer and passes through what lies between, chosen or not, and through most of the
 * shallowest one itself, whose first parameters lie at its input. So a mask costs the depth it reaches plus what each
 * of its layers adds (within 10 % of steps measured on wasm; without the shallowest layer's share up to 30 % less).
 * @param mask indices of the chosen layers.
 * @param steps steps a round, over all epochs.
 */
export function roundTime(times: StepTimes, mask: readonly number[], steps: number): number {
  if (mask.length === 0) return steps * times.base;
  const shallowest = Math.min(...mask);
  const depth = sum(times.passing.slice(shallowest));
  return steps * (times.base + depth + sum(mask.map((l) => times.training[l]!)));
}

/**
 * Additive costs in milliseconds for the solver, which knows knapsacks only: each layer is charged its own work and
 * the way down to it. Exact for one layer, too high for several (they share the way), so that masks within
 * the budget {@link timeBudget} are in time.
 */
export function costsInMilliseconds(times: StepTimes, steps: number): number[] {
  return times.training.map((own, l) => steps * (own + sum(times.passing.slice(l))));
}

/** What of `deadline` (milliseconds) is left for selectable layers; 0 when even the rest takes longer. */
export function timeBudget(times: StepTimes, deadline: number, steps: number): number {
  return Math.max(0, deadline - steps * times.base);
}

/**
 * The additive costs above waste time when layers lie close together. This takes further layers into the mask
 * while the true {@link roundTime} stays within the deadline: at each step the one of highest score per added
 * millisecond.
 * @returns indices in forward order, a superset of `mask`.
 */
export function fillTime(
  times: StepTimes,
  mask: readonly number[],
  scores: readonly number[],
  deadline: number,
  steps: number,
): number[] {
  const chosen = [...mask];
  for (;;) {
    const now = roundTime(times, chosen, steps);
    let best = -1;
    let bestRate = 0;
    scores.forEach((score, l) => {
      if (chosen.includes(l)) return;
      const after = roundTime(times, [...chosen, l], steps);
      const rate = score / Math.max(after - now, 1e-9);
      if (after <= deadline && rate > bestRate) {
        best = l;
        bestRate = rate;
      }
    });
    if (best < 0) return chosen.sort((a, b) => a - b);
    chosen.push(best);
  }
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
