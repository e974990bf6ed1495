import type { Batch } from '../../models/batch.ts';
import type { Activation, DeviceScalar, Engine } from '../engine.ts';
import { runPrefix } from '../prefix/prefix.ts';

/** One piece of a probe's data on its way down through the stages. */
interface Descent {
  readonly batch: Batch;
  /** Inputs of the stages from the cut up to the one next in turn; null where they are computed again. */
  readonly trail: Activation[] | null;
  /** By the output of the stage next in turn. */
  gradient: Activation;
}

/**
 * A backward pass of several pieces of data side by side, stage by stage from the top: so that one stage's gradients
 * can be brought together over all pieces before the next stage's come. Inputs of the stages are kept as long as
 * they fit into `budget` bytes; the others are computed again from the batch.
 */
export class StageInputs {
  readonly #engine: Engine;
  readonly #cut: number;
  readonly #descents: Descent[] = [];
  #budget: number;

  constructor(engine: Engine, cut: number, budget: number) {
    this.#engine = engine;
    this.#cut = cut;
    this.#budget = budget;
  }

  /** Runs a piece forward; returns `share` times its loss, which is what will be differentiated. */
  add(batch: Batch, share: number): DeviceScalar {
    const { global, stages } = this.#engine;
    const trail: Activation[] = [];
    let keeps = true;
    let current = runPrefix(this.#engine, batch, this.#cut);
    try {
      for (let s = this.#cut; s < stages.length; s++) {
        const next = global.forward(current, s, s + 1);
        keeps &&= current.bytes <= this.#budget;
        if (keeps) {
          trail.push(current);
          this.#budget -= current.bytes;
        } else current.dispose();
        current = next;
      }
      const { loss, gradient } = global.lossBackward(current, batch.targets, share);
      current.dispose();
      this.#descents.push({ batch, trail: keeps ? trail : this.#giveBack(trail), gradient });
      return loss;
    } catch (error) {
      current.dispose();
      this.#giveBack(trail);
      throw error;
    }
  }

  /**
   * Takes piece `index` down through `stage`, the next one in turn for it; returns the gradients of the stage's
   * layer when they are wanted.
   */
  descend(index: number, stage: number, parameters: boolean) {
    const descent = this.#descents[index];
    if (descent === undefined) throw new RangeError(`There is no piece ${index}.`);
    const input = descent.trail?.pop() ?? runPrefix(this.#engine, descent.batch, stage);
    try {
      const wanted = { parameters, input: stage > this.#cut };
      const below = this.#engine.global.backward(stage, input, descent.gradient, wanted);
      if (below.input !== null) {
        descent.gradient.dispose();
        descent.gradient = below.input;
      }
      return below.parameters;
    } finally {
      input.dispose();
    }
  }

  dispose(): void {
    for (const { trail, gradient } of this.#descents.splice(0)) {
      gradient.dispose();
      this.#giveBack(trail ?? []);
    }
  }

  #giveBack(trail: Activation[]): null {
    for (const input of trail.splice(0)) {
      this.#budget += input.bytes;
      input.dispose();
    }
    return null;
  }
}
