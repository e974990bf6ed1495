import {
  concat1d,
  dispose,
  eye,
  reshape,
  stack,
  sum,
  type Tensor1D,
  tensor,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import type { LabelMap } from '../../closed-form/index.ts';
import type { Batch } from '../../models/batch.ts';
import type { ModelLayout } from '../../models/layout.ts';
import type { Model } from '../../models/model.ts';
import type { ScoreKind } from '../../protocol/selection-config.ts';
import type {
  Activation,
  DeviceScalar,
  Engine,
  GlobalValue,
  Gradients,
  LayerScore,
  Metered,
  TrainedView,
  UpdateRule,
} from '../engine.ts';
import { findLayer } from '../layers.ts';
import { activationOf, gradientsOf, scalarOf, TfjsGradients, tidyActivation } from './activation.ts';
import { limitPool, poolingBackend, trimPool } from './buffer-pool.ts';
import { meterBytes } from './bytes-meter.ts';
import { GlobalView } from './global-view.ts';
import { scoreOf } from './score.ts';
import { GlobalTensors, required } from './tensors.ts';
import { TfjsTraining } from './training.ts';

/** The tensor library TensorFlow.js, on whatever backend is set. */
export class TfjsEngine implements Engine {
  readonly layout: ModelLayout;
  readonly stages: readonly string[];
  readonly global: GlobalView;
  readonly #model: Model;
  readonly #globals: GlobalTensors;

  constructor(model: Model, value: GlobalValue) {
    this.layout = model.layout;
    this.stages = model.stages.map((s) => s.layer);
    this.#model = model;
    this.#globals = new GlobalTensors(model.layout, value);
    this.global = new GlobalView(model, () => this.#globals.all());
  }

  repeats(count: number): boolean {
    return !this.#model.stages.slice(0, count).some((stage) => stage.random === true);
  }

  input(batch: Batch): Activation {
    return tidyActivation(() => this.#model.input(batch));
  }

  training(layers: readonly string[], rule: UpdateRule): TrainedView {
    return new TfjsTraining(this.#model, this.#globals, layers, rule);
  }

  features(input: Activation, map: LabelMap): Activation {
    const last = this.#model.stages.at(-1);
    if (last?.layer !== map.layer.name) throw new RangeError(`The last stage is not ${map.layer.name}.`);
    const { features: width, weight, bias } = map;
    // The map is the only part that knows the labels: with the identity in its place its inputs come out.
    return tidyActivation(() => {
      const identity = reshape(eye(width), [...weight.shape.slice(0, -2), width, width]);
      const parameters = { ...this.#globals.all(), [weight.name]: identity, [bias.name]: zeros([width]) };
      const { x } = last.forward(parameters, activationOf(input));
      return { x: reshape(x, [-1, width]) };
    });
  }

  score(layer: string, kind: ScoreKind): LayerScore {
    const parameters = this.#globals.all();
    return scoreOf(
      kind,
      findLayer(this.layout, layer).tensors.map((t) => required(parameters, t.name)),
    );
  }

  async read(scalars: readonly DeviceScalar[]): Promise<number[]> {
    if (scalars.length === 0) return [];
    const [only] = scalars;
    const all = scalars.length === 1 ? scalarOf(only!).tensor : tidy(() => stack(scalars.map(tensorOf)));
    if (scalars.length > 1) for (const s of scalars) s.dispose();
    try {
      return Array.from(await all.data<'float32'>());
    } finally {
      dispose(all);
    }
  }

  async gradientValues(gradients: Gradients, names: readonly string[]): Promise<Float32Array[]> {
    const { tensors } = gradientsOf(gradients);
    try {
      const all = Object.fromEntries(tensors);
      const ordered = names.map((name) => required(all, name));
      if (poolingBackend() === null) {
        return await Promise.all(ordered.map(async (t) => (await t.data<'float32'>()) as Float32Array));
      }
      // One transfer: each waits for the device.
      const flat = tidy(() => concat1d(ordered.map((t) => reshape(t, [t.size]) as Tensor1D)));
      try {
        const values = await flat.data<'float32'>();
        let end = 0;
        return ordered.map(({ size }) => {
          end += size;
          return values.subarray(end - size, end);
        });
      } finally {
        dispose(flat);
      }
    } finally {
      gradients.dispose();
    }
  }

  gradients(values: ReadonlyMap<string, Float32Array>): Gradients {
    const shapes = new Map(
      this.layout.layers.flatMap((l) => l.tensors.map((t) => [t.name, t.shape] as const)),
    );
    const tensors = [...values].map(([name, data]) => {
      const shape = shapes.get(name);
      if (shape === undefined) throw new ReferenceError(`There is no tensor ${name}.`);
      return [name, tensor(data, [...shape], 'float32')] as const;
    });
    return new TfjsGradients(new Map(tensors));
  }

  values(activation: Activation): Promise<Float32Array> {
    return activationOf(activation).x.data<'float32'>();
  }

  async finite(activation: Activation): Promise<boolean> {
    return (await this.values(activation)).every(Number.isFinite);
  }

  async settle(): Promise<void> {
    // Large enough for WebGPU not to compute it on the processor.
    const nothing = tidy(() => sum(zeros([2048])));
    try {
      await nothing.data();
    } finally {
      dispose(nothing);
    }
  }

  metered<Result>(work: () => Result): Metered<Result> {
    return meterBytes(work);
  }

  limit(bytes: number): void {
    limitPool(bytes);
  }

  trim(): void {
    this.global.forget();
    trimPool();
  }

  outOfMemory(error: unknown): boolean {
    return error instanceof Error && memoryErrors.test(error.message);
  }

  forget(layer: string): void {
    this.global.forget();
    this.#globals.forget(layer);
  }

  release(): void {
    this.global.forget();
    this.#globals.release();
  }
}

/** What engines, Emscripten and Dawn say when nothing is left. */
const memoryErrors =
  /out.of.memory|\boom\b|array buffer allocation failed|invalid (typed )?array (buffer )?length|cannot enlarge memory/i;

const tensorOf = (value: DeviceScalar) => scalarOf(value).tensor;
