import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

/** What is learned of targets of one kind. */
export interface Objective<T> {
  /** The mean loss over the targets' terms, times `share`. Stable for logits of any size. */
  readonly loss: (logits: Tensor, targets: T, share: number) => Scalar;
  /** How many of the terms the model has right, scalar. */
  readonly correct: (logits: Tensor, targets: T) => Tensor;
}
