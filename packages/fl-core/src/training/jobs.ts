import type { SampleNoise } from '../privacy/index.ts';
import type { LocalConfig } from '../protocol/local-config.ts';
import type { NamedTensor } from '../protocol/safetensors.ts';
import type { ScoreKind } from '../protocol/selection-config.ts';
import type { MemoryPlan } from './memory/plan.ts';
import type { StepTimesByLayer } from './probe/step-times.ts';
import type { JobControl } from './progress.ts';

/** Options and results of the three jobs of a client: probe, train, evaluate. */

export interface ProbeOptions {
  /** How many batches are looked at; fewer when there is less data. */
  readonly batches: number;
  readonly batchSize: number;
  /** Chooses the batches. */
  readonly seed: number;
  /** `squared-norm` when absent. `snr` takes every sample by itself, and needs two. */
  readonly score?: ScoreKind;
  /** When given, the times of training under it are measured too. */
  readonly times?: LocalConfig;
  /** Bytes that the activations between the stages may take meanwhile; what does not fit is computed again. */
  readonly activationBytes?: number;
  readonly control?: JobControl;
}

export interface ProbeResult {
  /** Of every selectable layer. */
  readonly scores: Record<string, number>;
  /** Mean loss over the terms (samples, or tokens to be predicted) looked at. */
  readonly loss: number;
  /** When asked for. */
  readonly times?: StepTimesByLayer;
  /** Optimizer steps of a round under `times`. */
  readonly steps?: number;
}

export interface TrainOptions {
  /** The layers to train, head included where it is trained; the others stay frozen. */
  readonly layers: readonly string[];
  readonly local: LocalConfig;
  /** Chooses the batches and their order; the same seed on the same backend gives the same bytes. */
  readonly seed: number;
  /** Part of the run's schedule that this training stands for, within [0, 1]; all of it when absent. */
  readonly span?: readonly [number, number];
  /** Bytes that cached activations of the frozen prefix may take; 0 turns the cache off. */
  readonly prefixCacheBytes?: number;
  /** Bytes that weights, training and cache may take together; no limit when absent. */
  readonly memoryBytes?: number;
  /** Differential privacy of each sample: DP-SGD, whose batches and noise are drawn from its words, not from the seed. */
  readonly privacy?: SampleNoise;
  readonly control?: JobControl;
}

export interface TrainResult {
  /** Trained minus global values of every tensor of `layers`, by full name, in the layout's order. */
  readonly update: NamedTensor[];
  /** Mean training loss over the last local epoch, as far as it came. */
  readonly loss: number;
  /** Optimizer steps done: all, unless it was `enough` before. */
  readonly steps: number;
  /** How it was fitted into memory, at the end. */
  readonly plan: MemoryPlan;
  /** Under {@link TrainOptions.privacy}: gradients that were not finite and counted as zeros; for this device's person alone. */
  readonly skipped?: number;
}

export interface SumOptions {
  readonly batchSize: number;
  /** Bound on the batches of an epoch of training; 0: none. */
  readonly maxBatches: number;
  /** Chooses which, where not all are taken. */
  readonly seed: number;
  readonly control?: JobControl;
}

export interface SumResult {
  /** Means of what the head is computed from, as `sumsLayer` names them. */
  readonly update: NamedTensor[];
  /** Samples behind them. */
  readonly samples: number;
}

export interface EvaluateOptions {
  readonly batchSize: number;
  /** Stops after about so many samples, drawn once for these data; 0 or absent: all. */
  readonly mostSamples?: number;
  readonly control?: JobControl;
}

export interface EvaluateResult {
  /** Mean loss over all terms: samples, or tokens to be predicted. */
  readonly loss: number;
  /** Share of the terms that are right, in [0, 1]; a sample of several labels counts in part. */
  readonly accuracy: number;
  readonly samples: number;
}
