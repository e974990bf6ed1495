import type { Batch } from '../models/batch.ts';
import { type Targets, termsOf } from '../models/targets.ts';
import type { Activation, DeviceScalar, Engine, TrainedView } from './engine.ts';
import { type Backward, ranOut } from './memory/plan.ts';
import { blame, nonFinite } from './non-finite.ts';
import { piecesOf } from './pieces.ts';
import type { Prefix } from './prefix/prefix.ts';

export interface StepOptions {
  readonly engine: Engine;
  readonly training: TrainedView;
  /** Gives the activation that enters the first trained stage. */
  readonly prefix: Prefix;
}

/** How one step is computed; may change from step to step. */
export interface StepPlan {
  readonly microBatch: number;
  readonly backward: Backward;
}

/** Optimizer steps on some layers of a model; the stages below the shallowest of them run untaped (C3). */
export class SelectiveSteps {
  readonly #options: StepOptions;

  constructor(options: StepOptions) {
    this.#options = options;
  }

  /**
   * One step on a batch at `rate` times the learning rate; returns its mean loss before the step. `key` names the
   * batch in the cache, `place` in the `non-finite` error thrown when loss or gradient is no number. When it
   * throws, the trained weights are what they were; only after running out of memory may it be called again.
   */
  async take(batch: Batch, key: string, plan: StepPlan, rate: number, place: string): Promise<number> {
    const { engine, training, prefix } = this.#options;
    const pieces = piecesOf(batch, plan.microBatch);
    const terms = Math.max(1, termsOf(batch.targets));
    const atOnce = pieces.length === 1 && plan.backward === 'tape';
    const scalars: DeviceScalar[] = [];
    try {
      if (atOnce) {
        const { activation, release } = prefix.enter(batch, key);
        try {
          scalars.push(...training.stepAtOnce(activation, prefix.cut, batch.targets, rate));
        } finally {
          release();
        }
      } else {
        pieces.forEach((piece, i) => {
          const name = pieces.length === 1 ? key : `${key}/${plan.microBatch}/${i}`;
          scalars.push(this.accumulate(piece, name, termsOf(piece.targets) / terms, plan.backward));
        });
        scalars.push(...training.finishGradients());
      }
      const reading = engine.read(scalars.splice(0));
      reading.catch(() => {}); // Waited for below, unless something else throws first.
      // The device is busy with the gradients: it need not wait for the step to be recorded, nor that for the loss.
      if (!atOnce) training.step(rate);
      const values = await reading;
      const loss = values.slice(0, pieces.length).reduce((a, b) => a + b);
      if (!Number.isFinite(loss)) {
        training.undo();
        throw await blame(engine, training, batch, place);
      }
      // The gradient breaks from the top down, so that the highest broken layer is where it began.
      const broken = training.layers.findLast((_, i) => !Number.isFinite(values[pieces.length + i] ?? 0));
      if (broken !== undefined) throw nonFinite(`In ${place}, the gradient of layer ${broken}`);
      training.commit();
      return loss;
    } catch (error) {
      const { moving } = training;
      for (const scalar of scalars) scalar.dispose();
      training.discard();
      training.undo();
      // The optimizer's state has changed, so that the step cannot be done again with fewer samples.
      if (moving && engine.outOfMemory(error)) throw ranOut(Math.min(plan.microBatch, batch.size), error);
      throw error;
    }
  }

  /** Adds the gradient of `share` times a piece's mean loss to that of the coming step; returns that product. */
  accumulate(piece: Batch, key: string, share: number, backward: Backward): DeviceScalar {
    const { prefix } = this.#options;
    const { activation, release } = prefix.enter(piece, key);
    try {
      switch (backward) {
        case 'tape':
          return this.#onTape(activation, piece.targets, share);
        case 'block-wise':
          return this.#blockWise(activation, piece.targets, share);
        default:
          return backward satisfies never;
      }
    } finally {
      release();
    }
  }

  #onTape(activation: Activation, targets: Targets, share: number): DeviceScalar {
    const { training, prefix } = this.#options;
    const { loss, gradients } = training.lossAndGradients(
      activation,
      prefix.cut,
      targets,
      training.layers,
      share,
    );
    training.add(gradients);
    return loss;
  }

  #blockWise(activation: Activation, targets: Targets, share: number): DeviceScalar {
    const { training, engine, prefix } = this.#options;
    const { stages } = engine;
    /** Inputs of the stages from the cut on, then the logits; the first is not ours. */
    const trail: Activation[] = [activation];
    let gradient: Activation | null = null;
    try {
      for (let s = prefix.cut; s < stages.length; s++) trail.push(training.forward(trail.at(-1)!, s, s + 1));
      const top = training.lossBackward(trail.at(-1)!, targets, share);
      gradient = top.gradient;
      try {
        for (let s = stages.length - 1; s >= prefix.cut; s--) {
          trail.pop()!.dispose();
          const wanted = { parameters: training.layers.includes(stages[s]!), input: s > prefix.cut };
          const below = training.backward(s, trail.at(-1)!, gradient, wanted);
          gradient.dispose();
          gradient = below.input;
          if (below.parameters !== null) training.add(below.parameters);
          if (gradient === null) break;
        }
      } catch (error) {
        top.loss.dispose();
        throw error;
      }
      return top.loss;
    } finally {
      gradient?.dispose();
      for (const kept of trail.slice(1)) kept.dispose();
    }
  }
}
