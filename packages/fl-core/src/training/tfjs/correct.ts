import {
  add,
  argMax,
  cast,
  div,
  equal,
  greater,
  maximum,
  minimum,
  mul,
  reshape,
  sub,
  sum,
  type Tensor,
  tensor1d,
  tensor2d,
} from '@tensorflow/tfjs-core';
import type { Targets } from '../../models/targets.ts';

/**
 * How many of the terms of a batch the model has right, scalar: those whose largest logit is the right one. Of label
 * sets each sample counts its share of agreement |Y and Z| / |Y or Z|, Y its classes and Z those with a positive
 * logit; 1 where both are empty (Godbole and Sarawagi, PAKDD 2004).
 */
export function correctOf(logits: Tensor, targets: Targets): Tensor {
  const width = logits.shape.at(-1) ?? 0;
  switch (targets.kind) {
    case 'classes':
    case 'next-tokens': {
      const rows = reshape(logits, [-1, width]); // (N, C)
      // No index is -1, so that places without a target are never right.
      return sum(cast(equal(argMax(rows, 1), tensor1d(targets.ids, 'int32')), 'float32'));
    }
    case 'label-sets': {
      const truth = tensor2d(Float32Array.from(targets.flags), [logits.shape[0] ?? 0, width]); // (B, C)
      const said = cast(greater(logits, 0), 'float32');
      const both = sum(mul(truth, said), 1); // (B)
      const either = sub(sum(truth, 1), sub(both, sum(said, 1)));
      // 1 of 1 where both are empty.
      const nothing = sub(1, minimum(either, 1));
      return sum(add(div(both, maximum(either, 1)), nothing));
    }
    default:
      return targets satisfies never;
  }
}
