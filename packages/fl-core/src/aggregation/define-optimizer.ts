import { type About, type ConfigOf, checkedBy, configOf, type Options } from '../variants/index.ts';
import { badConfigOf } from './bad-config.ts';

/** What an optimizer remembers of one layer, as long as the layer; empty arrays where it needs nothing. */
export interface OptimizerState {
  /** First moment or momentum. */
  readonly m: Float32Array<ArrayBuffer>;
  /** Second moment. */
  readonly v: Float32Array<ArrayBuffer>;
}

export interface Optimizer {
  /** The state before the first step of a layer of `elements` values. */
  initialState(elements: number): OptimizerState;
  /**
   * One step, in place, on the piece of a layer that starts at `offset`, at `rate` times the learning rate: `delta` is the
   * aggregated change of `weights[offset ...]`.
   */
  step(weights: Float32Array, state: OptimizerState, offset: number, delta: Float64Array, rate: number): void;
}

/** Everything that only the optimizer itself knows; every option has a default. */
interface OptimizerDefinition<N extends string, S extends Options> extends About<N, S> {
  readonly create: (config: ConfigOf<N, S>) => Optimizer;
}

/** Makes a member of the list of optimizers: the definition with the schema of its configuration. */
export function defineOptimizer<const N extends string, S extends Options>(
  definition: OptimizerDefinition<N, S>,
) {
  const { name } = definition;
  const config = configOf(name, definition.options);
  const checked = checkedBy<ConfigOf<N, S>>(config, badConfigOf('optimizer'));
  return {
    ...definition,
    /** The schema of its configuration. */
    config,
    /** Throws `bad-config` for options out of range. */
    create: (given: unknown): Optimizer => definition.create(checked(given)),
    startConfig: (): ConfigOf<N, S> => checked({ name }),
  };
}
