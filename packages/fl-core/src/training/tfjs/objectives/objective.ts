import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

/** What is learned of targets of one kind. */
export interface Objective<T> {
  /** Throws RangeError for targets that logits of `width` classes do not have. */
  readonly check: (targets: T, width: number) => void;
  /**
   * All that {@link loss} has to know of the targets and of their `share`, the caller's.
   * Nothing else of a batch may enter the loss: a device can be told the same commands for other batches then.
   */
  readonly given: (targets: T, share: number) => Tensor[];
  /** The mean loss over the targets' terms, times their share. Stable for logits of any size. */
  readonly loss: (logits: Tensor, given: readonly Tensor[]) => Scalar;
  /** How many of the terms the model has right, scalar. */
  readonly correct: (logits: Tensor, targets: T) => Tensor;
}
