import { StrataError } from '../error.ts';
import { type LayerCosts, maskCost } from './mask-cost.ts';

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
export const roundTime = (times: StepTimes, mask: readonly number[], steps: number): number =>
  steps * times.base + maskCost(costsInMilliseconds(times, steps), mask);

/** What {@link roundTime} says of a mask beyond the rest of the round, in milliseconds. */
export function costsInMilliseconds({ passing, training }: StepTimes, steps: number): LayerCosts {
  return {
    costs: training.map((own) => steps * own),
    reach: training.map((_, s) => steps * sum(passing.slice(s))),
  };
}

/** What of `deadline` (milliseconds) is left for selectable layers; 0 when even the rest takes longer. */
export function timeBudget(times: StepTimes, deadline: number, steps: number): number {
  return Math.max(0, deadline - steps * times.base);
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
