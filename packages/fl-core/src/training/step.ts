import { dispose, type Tensor } from '@tensorflow/tfjs-core';
import type { Batch } from '../models/batch.ts';
import type { Activation, Model, Parameters } from '../models/model.ts';
import { releaseActivation, runPrefix } from './activation.ts';
import { lossAndGradients, required } from './gradient.ts';
import { shallowestStage, tensorNames } from './layers.ts';
import { blame } from './non-finite.ts';
import type { Optimizer } from './optimizer.ts';
import type { PrefixCache } from './prefix-cache.ts';
import { takeScalar } from './workplace.ts';

export interface SelectiveStepsOptions {
  readonly model: Model;
  /** The global weights, which stay as they are. */
  readonly globals: Parameters;
  /** The layers to train. */
  readonly layers: readonly string[];
  readonly optimizer: Optimizer;
  readonly cache: PrefixCache;
}

/**
 * Optimizer steps on some layers of a model. Owns a trained copy of their tensors, the optimizer and the cache;
 * the stages below the shallowest trained layer run outside the gradient (C3).
 */
export class SelectiveSteps {
  /** Full names of the trained tensors, in the layout's order. */
  readonly names: readonly string[];
  readonly #options: SelectiveStepsOptions;
  readonly #cut: number;
  #trained: Readonly<Record<string, Tensor>> = {};

  constructor(options: SelectiveStepsOptions) {
    this.#options = options;
    this.names = tensorNames(options.model.layout, options.layers);
    this.#cut = shallowestStage(options.model, options.layers);
  }

  /**
   * One step on a batch; returns its mean loss before the step. `index` identifies the batch in the cache,
   * `place` in the `non-finite` error thrown when the loss is no number.
   */
  async take(batch: Batch, index: number, place: string): Promise<number> {
    const { model, globals, optimizer } = this.#options;
    const before = this.#trained;
    const parameters = { ...globals, ...before };
    const { activation, release } = this.#enter(batch, index);
    try {
      const { loss, gradients } = lossAndGradients(
        model,
        parameters,
        this.names,
        activation,
        this.#cut,
        batch.labels,
      );
      this.#trained = optimizer.step(parameters, gradients);
      dispose(gradients);
      const value = await takeScalar(loss);
      if (!Number.isFinite(value)) throw await blame(model, parameters, batch, place);
      return value;
    } finally {
      dispose(before);
      release();
    }
  }

  /** The trained tensor of that name; owned by this object. */
  trained(name: string): Tensor {
    return required(this.#trained, name);
  }

  dispose(): void {
    this.#options.optimizer.dispose();
    this.#options.cache.dispose();
    dispose(this.#trained);
  }

  /** The activation that enters the first trained stage, kept or computed, and how to let go of it. */
  #enter(batch: Batch, index: number): { activation: Activation; release: () => void } {
    const { model, globals, cache } = this.#options;
    const kept = cache.get(index);
    if (kept !== undefined) return { activation: kept, release: () => {} };
    const activation = runPrefix(model, globals, batch, this.#cut);
    if (cache.keep(index, activation)) return { activation, release: () => {} };
    return { activation, release: () => releaseActivation(activation) };
  }
}
