import type { Tensor } from '@tensorflow/tfjs-core';
import type { Batch } from './batch.ts';
import type { ModelLayout } from './layout.ts';

/** Tensors by their full parameter name. */
export type Parameters = Readonly<Record<string, Tensor>>;

/** What flows between two stages. */
export interface Activation {
  /** (B, T, D) between blocks; the last stage returns logits (B, C). */
  readonly x: Tensor;
  /** Text only: 1 for real tokens, 0 for padding, (B, T). */
  readonly mask?: Tensor;
}

/**
 * One layer's forward function. A pure function of its parameters and its input, so that the trainer can run
 * the stages below the shallowest trained layer outside the gradient (C3) and differentiate the rest.
 */
export interface Stage {
  readonly layer: string;
  /**
   * Whether its output for the same input is another in every step (dropout, augmentation), so that nobody may keep
   * it; within a step it must be the same however often it runs, as the backward pass may run it again.
   */
  readonly random?: boolean;
  forward(parameters: Parameters, activation: Activation): Activation;
}

export interface ModelOptions {
  /** Outputs of the classification head, 2 or more; not looked at where the next token is predicted. */
  readonly classes: number;
  /** Side of the input images in pixels; text models do not look at it. */
  readonly side: number;
}

/** An architecture at one size: a layout and one stage a layer, in the same order. */
export interface Model {
  readonly layout: ModelLayout;
  readonly classes: number;
  readonly stages: readonly Stage[];
  /** Batch to the first stage's input; parameter-free. */
  input(batch: Batch): Activation;
}

/**
 * What the file `forward.ts` of an architecture exports under the name `createModel`: a model's forward functions, one
 * stage a layer in the order of its layout. Throws `bad-config` for a side that the model is not for.
 */
export type CreateModel<Spec> = (spec: Spec, options: ModelOptions) => Model | Promise<Model>;
