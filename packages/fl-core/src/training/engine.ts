import type { LabelMap } from '../closed-form/index.ts';
import type { Batch } from '../models/batch.ts';
import type { ModelLayout } from '../models/layout.ts';
import type { Targets } from '../models/targets.ts';
import type { LocalConfig, OptimizerConfig } from '../protocol/local-config.ts';
import type { NamedTensor } from '../protocol/safetensors.ts';
import type { ScoreKind } from '../protocol/selection-config.ts';

/**
 * All that the jobs (probe, train, evaluate) ask of a tensor library. They own the order of the work, the batches,
 * caching, pausing and errors; an engine owns values on a device and the arithmetic on them. No call but the
 * `Promise`s waits for the device.
 *
 * Whoever is given a {@link DeviceValue} disposes of it, unless a method says that it takes it over.
 */
export interface DeviceValue {
  /** Size of its values. */
  readonly bytes: number;
  dispose(): void;
}

/** What flows between two stages for one batch; also the gradient by it. */
export interface Activation extends DeviceValue {
  readonly kind: 'activation';
}

/** Gradients of the tensors of some layers. */
export interface Gradients extends DeviceValue {
  readonly kind: 'gradients';
}

/** A number on the device; {@link Engine.read} brings it here. */
export interface DeviceScalar extends DeviceValue {
  readonly kind: 'scalar';
}

/** Which gradients {@link View.backward} is asked for. */
export interface Wanted {
  /** By the tensors of the stage's layer. */
  readonly parameters: boolean;
  /** By the stage's input. */
  readonly input: boolean;
}

/** The model with certain weights: the global ones, or those in training. Stages are numbered in forward order. */
export interface View {
  /**
   * Runs stages `from` to `to` (exclusive) with no gradient recorded, one stage's intermediate results at a time
   * (C3). Leaves `input` as it is; always returns a value of its own.
   */
  forward(input: Activation, from: number, to: number): Activation;
  /**
   * Mean loss of logits, (B, C) or (B, T, V), over the terms of the targets. Throws RangeError for a label that is no
   * class.
   */
  loss(logits: Activation, targets: Targets): DeviceScalar;
  /** `share` times the same, with its gradient by the logits. */
  lossBackward(
    logits: Activation,
    targets: Targets,
    share: number,
  ): { loss: DeviceScalar; gradient: Activation };
  /** How many of the terms are right; a sample of several labels counts in part. */
  correct(logits: Activation, targets: Targets): DeviceScalar;
  /**
   * Pulls the gradient by a stage's output back through the stage, which is run again with a gradient recorded:
   * only this stage's intermediate results exist meanwhile. What is not wanted is null.
   */
  backward(stage: number, input: Activation, gradient: Activation, wanted: Wanted): PulledBack;
  /** `share` times the loss of a batch and its gradients by some layers, from the input of stage `from`, on one tape. */
  lossAndGradients(
    input: Activation,
    from: number,
    targets: Targets,
    layers: readonly string[],
    share: number,
  ): { loss: DeviceScalar; gradients: Gradients };
}

export interface PulledBack {
  readonly parameters: Gradients | null;
  readonly input: Activation | null;
}

/** How trained tensors move. */
export type UpdateRule = Pick<LocalConfig, 'proximal' | 'clipNorm'> & {
  readonly optimizer: OptimizerConfig;
  /** `rate`: factor of the learning rate, and so of what it decays, for the layers that are always trained. */
  readonly head: Pick<LocalConfig['head'], 'rate'>;
};

/** A training's values as plain arrays, which outlive its device. */
export interface TrainedState {
  /** The trained tensors by full name; those missing are still the global ones. */
  readonly trained: ReadonlyMap<string, Float32Array>;
  readonly optimizer: OptimizerState;
}

export interface OptimizerState {
  readonly steps: number;
  /** Its moments, each by parameter. */
  readonly moments: readonly ReadonlyMap<string, Float32Array>[];
}

/** The model with a trained copy of some layers, and their optimizer. */
export interface TrainedView extends View, DeviceValue {
  /** Adds `gradients`, which it takes over, to those of the coming step. */
  add(gradients: Gradients): void;
  /** The trained layers, in the layout's order. */
  readonly layers: readonly string[];
  /** Drops what was added since the last step. */
  discard(): void;
  /** Gives what was added since the last step up to the caller. */
  take(): Gradients;
  /**
   * Adds the proximal term to what was added, and clips then. When it clips, returns the squared norm of each
   * trained layer's gradient before clipping, in the layout's order; else nothing.
   */
  finishGradients(): DeviceScalar[];
  /**
   * Moves the trained tensors against the finished gradients, which it forgets, with `rate` times the rule's learning
   * rates. The values before it are kept until {@link commit}.
   */
  step(rate: number): void;
  /**
   * A whole step on one batch: `lossAndGradients` from the input of stage `from`, `add`, `finishGradients` and `step`.
   * Returns the loss and what `finishGradients` does; to be read before the next step.
   */
  stepAtOnce(input: Activation, from: number, targets: Targets, rate: number): DeviceScalar[];
  /** Whether a step has begun to move values that was neither committed nor undone: it cannot be done again. */
  readonly moving: boolean;
  /** Lets go of the values before the last step. */
  commit(): void;
  /**
   * Puts the values before the last step back, if they are still there. The optimizer stays where the step left it:
   * there are no further steps after this.
   */
  undo(): void;
  /** The trained values of one tensor; the global ones before the first step. */
  read(name: string): Promise<Float32Array>;
  /** Between two steps: what {@link restore} needs to go on from here on another device. */
  save(): Promise<TrainedState>;
  /** Takes the place of a training of the same layers by the same rule, before the first step of this one. */
  restore(state: TrainedState): void;
}

/** Takes the gradients of one layer over the pieces of a probe. */
export interface LayerScore {
  /**
   * Takes over the gradients of one piece of data. They are summed up, so that each must have its share of the mean
   * in it; but `snr` takes those of single samples as they are.
   */
  add(gradients: Gradients): void;
  /** The score; forgets everything that was added. */
  finish(): DeviceScalar;
  dispose(): void;
}

/** Bytes on the device, counted in distinct buffers. */
export interface Metered<Result> {
  readonly result: Result;
  /** The most that existed at once while the work ran, beyond what there was before it. */
  readonly peak: number;
  /** What was left afterwards, beyond what there was before it; negative when it freed more. */
  readonly left: number;
}

export interface Engine {
  readonly layout: ModelLayout;
  /** The layer of each stage; the last stage gives the logits. */
  readonly stages: readonly string[];
  /** Whether what leaves the first `count` stages is the same for a batch in every step. */
  repeats(count: number): boolean;
  /** The model with the global weights. */
  readonly global: View;
  /** What the first stage takes. Throws `bad-config` for a batch that does not fit the model. */
  input(batch: Batch): Activation;
  training(layers: readonly string[], rule: UpdateRule): TrainedView;
  /** What enters the map to the labels, (B, D), from the input of the last stage, which is left as it is. */
  features(input: Activation, map: LabelMap): Activation;
  score(layer: string, kind: ScoreKind): LayerScore;
  /** Brings numbers here in one transfer, and disposes of them. */
  read(scalars: readonly DeviceScalar[]): Promise<number[]>;
  /** Brings the gradients of these tensors here, in their order, and disposes of all. */
  gradientValues(gradients: Gradients, names: readonly string[]): Promise<Float32Array[]>;
  /** Gradients by full tensor name, made elsewhere. */
  gradients(values: ReadonlyMap<string, Float32Array>): Gradients;
  /** Brings all values here, row-major. */
  values(activation: Activation): Promise<Float32Array>;
  /** Whether every value is a finite number. */
  finite(activation: Activation): Promise<boolean>;
  /** Waits until the device has done all it was told to do. */
  settle(): Promise<void>;
  /** Runs `work`, which must not wait for anything, and counts bytes. */
  metered<Result>(work: () => Result): Metered<Result>;
  /** What the device may hold, in bytes: memory kept for reuse gives way to that in use. */
  limit(bytes: number): void;
  /** Gives back what is kept for reuse. */
  trim(): void;
  /** Whether an error says that the device had no memory left. */
  outOfMemory(error: unknown): boolean;
  /** The global values of a layer have changed: what was made of them is dropped. */
  forget(layer: string): void;
  /** Drops everything made of the global values; it is made again when needed. */
  release(): void;
}

/** Where an engine finds the global values of a tensor. Throws `bad-model` when they were not loaded. */
export type GlobalValue = (name: string) => NamedTensor;
