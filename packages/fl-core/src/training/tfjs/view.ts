import { dispose, type Tensor, tidy } from '@tensorflow/tfjs-core';
import type * as model from '../../models/model.ts';
import type { Model, Parameters } from '../../models/model.ts';
import type { Targets } from '../../models/targets.ts';
import type { Activation, PulledBack, View, Wanted } from '../engine.ts';
import { findLayer, tensorNames } from '../layers.ts';
import {
  activationOf,
  TfjsActivation,
  TfjsGradients,
  TfjsScalar,
  tidyActivation,
  tidyScalar,
} from './activation.ts';
import { correctOf, lossOf } from './objectives/index.ts';
import { differentiate } from './tape.ts';
import { required } from './tensors.ts';

/** Runs and differentiates a model with the weights that `parameters` gives. */
export class TfjsView implements View {
  protected readonly model: Model;
  readonly #parameters: () => Parameters;

  constructor(model: Model, parameters: () => Parameters) {
    this.model = model;
    this.#parameters = parameters;
  }

  forward(input: Activation, from: number, to: number): TfjsActivation {
    const parameters = this.#parameters();
    let current = activationOf(input);
    for (const stage of this.model.stages.slice(from, to)) {
      try {
        const before = current;
        current = tidyActivation(() => stage.forward(parameters, before), before);
        if (before !== input) before.dispose();
      } catch (error) {
        if (current !== input) current.dispose();
        throw error;
      }
    }
    return current === input ? tidyActivation(() => current, current) : current;
  }

  loss(logits: Activation, targets: Targets): TfjsScalar {
    return tidyScalar(() => lossOf(activationOf(logits).x, targets));
  }

  lossBackward(
    logits: Activation,
    targets: Targets,
    share: number,
  ): { loss: TfjsScalar; gradient: TfjsActivation } {
    const { x } = activationOf(logits);
    const { value, gradients } = differentiate(([z]) => lossOf(z!, targets, share), [x]);
    return { loss: new TfjsScalar(value), gradient: new TfjsActivation({ x: gradients[0]! }) };
  }

  correct(logits: Activation, targets: Targets): TfjsScalar {
    return tidyScalar(() => correctOf(activationOf(logits).x, targets));
  }

  backward(index: number, input: Activation, gradient: Activation, wanted: Wanted): PulledBack {
    const stage = this.model.stages[index];
    if (stage === undefined) throw new RangeError(`The model has no stage ${index}.`);
    const names = wanted.parameters
      ? findLayer(this.model.layout, stage.layer).tensors.map((t) => t.name)
      : [];
    if (names.length === 0 && !wanted.input) return { parameters: null, input: null };
    const parameters = this.#parameters();
    const from = activationOf(input);
    const at = names.map((name) => required(parameters, name));
    const forward = (values: Tensor[]) => {
      const x = wanted.input ? values.at(-1)! : from.x;
      return stage.forward({ ...parameters, ...named(names, values) }, { ...maskOf(from), x }).x;
    };
    const all = wanted.input ? [...at, from.x] : at;
    const { value, gradients } = differentiate(forward, all, activationOf(gradient).x);
    dispose(value);
    return {
      parameters: wanted.parameters ? gradientsBy(names, gradients) : null,
      input: wanted.input ? new TfjsActivation({ x: gradients.at(-1)! }) : null,
    };
  }

  lossAndGradients(
    input: Activation,
    from: number,
    targets: Targets,
    layers: readonly string[],
    share: number,
  ): { loss: TfjsScalar; gradients: TfjsGradients } {
    return this.gradientsOf(activationOf(input), from, (logits) => lossOf(logits, targets, share), layers);
  }

  /** The same for any loss of the logits. */
  protected gradientsOf(
    start: model.Activation,
    from: number,
    lossOfLogits: (logits: Tensor) => Tensor,
    layers: readonly string[],
  ): { loss: TfjsScalar; gradients: TfjsGradients } {
    const parameters = this.#parameters();
    const names = tensorNames(this.model.layout, layers);
    const stages = this.model.stages.slice(from);
    const forward = (values: Tensor[]) => {
      const moved = { ...parameters, ...named(names, values) };
      const { x } = stages.reduce((a, stage) => stage.forward(moved, a), { ...maskOf(start), x: start.x });
      return lossOfLogits(x);
    };
    if (names.length === 0) {
      return { loss: new TfjsScalar(tidy(() => forward([]))), gradients: gradientsBy([], []) };
    }
    const at = names.map((name) => required(parameters, name));
    const { value, gradients } = differentiate(forward, at);
    return { loss: new TfjsScalar(value), gradients: gradientsBy(names, gradients) };
  }
}

const maskOf = ({ mask }: model.Activation) => (mask === undefined ? {} : { mask });

const named = (names: readonly string[], values: readonly Tensor[]): Record<string, Tensor> =>
  Object.fromEntries(names.map((name, i) => [name, values[i]!]));

const gradientsBy = (names: readonly string[], values: readonly Tensor[]): TfjsGradients =>
  new TfjsGradients(new Map(names.map((name, i) => [name, values[i]!])));
