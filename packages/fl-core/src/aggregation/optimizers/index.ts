import { z } from 'zod';
import { named } from '../../variants/index.ts';
import type { OptimizerState } from '../define-optimizer.ts';
import { fedAdagrad } from './fedadagrad.ts';
import { fedAdam } from './fedadam.ts';
import { fedAvg } from './fedavg.ts';
import { fedAvgM } from './fedavgm.ts';
import { fedYogi } from './fedyogi.ts';

/** Every server optimizer there is, in the order of forms and lists. All that concerns one alone is in its file. */
export const optimizers = [fedAvg, fedAvgM, fedAdagrad, fedAdam, fedYogi] as const;

export type OptimizerVariant = (typeof optimizers)[number];

const [first, ...others] = optimizers;

/** What the server does with the aggregated change of a layer: an optimizer's name and its options. */
export const ServerOptimizer = z.discriminatedUnion('name', [first.config, ...others.map((o) => o.config)]);
export type ServerOptimizer = z.output<typeof ServerOptimizer>;

/** The optimizer that a configuration names. */
export const optimizerNamed = (name: OptimizerVariant['name']): OptimizerVariant =>
  named<OptimizerVariant>(optimizers, name);

/** The state before the first step of a layer of `elements` values. Throws `bad-config`. */
export const initialState = (optimizer: ServerOptimizer, elements: number): OptimizerState =>
  optimizerNamed(optimizer.name).create(optimizer).initialState(elements);

/**
 * One step, in place, on the piece of a layer that starts at `offset`: the aggregated change of a layer is taken as a
 * negative gradient. Computed in float64, kept in float32. A layer that nobody trained gets no step (R6): neither its
 * weights nor its state move, so that momentum waits for the layer's next round undiminished.
 * @param rate factor of the learning rate.
 */
export function serverStep(
  optimizer: ServerOptimizer,
  weights: Float32Array,
  state: OptimizerState,
  offset: number,
  delta: Float64Array,
  rate = 1,
): void {
  optimizerNamed(optimizer.name).create(optimizer).step(weights, state, offset, delta, rate);
}
