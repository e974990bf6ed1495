import type { LocalConfig } from '../protocol/run.ts';
import type { NamedTensor } from '../protocol/safetensors.ts';
import type { JobControl } from './progress.ts';

/** Options and results of the three jobs of a client: probe, train, evaluate. */

export interface ProbeOptions {
  /** How many batches are looked at; fewer when there is less data. */
  readonly batches: number;
  readonly batchSize: number;
  /** Chooses the batches. */
  readonly seed: number;
  readonly control?: JobControl;
}

export interface ProbeResult {
  /** Squared norm of the mean gradient of every selectable layer. */
  readonly scores: Record<string, number>;
  /** Mean loss over the samples looked at. */
  readonly loss: number;
}

export interface TrainOptions {
  /** The layers to train, head included where it is trained; the others stay frozen. */
  readonly layers: readonly string[];
  readonly local: LocalConfig;
  /** Chooses the batches and their order; the same seed on the same backend gives the same bytes. */
  readonly seed: number;
  /** Bytes that cached activations of the frozen prefix may take; 0 turns the cache off. */
  readonly prefixCacheBytes?: number;
  readonly control?: JobControl;
}

export interface TrainResult {
  /** Trained minus global values of every tensor of `layers`, by full name, in the layout's order. */
  readonly update: NamedTensor[];
  /** Mean training loss over the last local pass. */
  readonly loss: number;
  /** Optimizer steps done. */
  readonly steps: number;
}

export interface EvaluateOptions {
  readonly batchSize: number;
  readonly control?: JobControl;
}

export interface EvaluateResult {
  /** Mean loss over all samples. */
  readonly loss: number;
  /** Share of samples whose largest logit is their label's, in [0, 1]. */
  readonly accuracy: number;
  readonly samples: number;
}
