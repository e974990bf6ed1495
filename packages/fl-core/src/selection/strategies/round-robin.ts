import { SelectionError } from '../error.ts';
import { masksFrom, takeInOrder } from '../input.ts';
import type { BlindStrategy } from '../strategy.ts';

export interface RoundRobinOptions {
  /** Rounds that start at the same layer before the next one's turn; default 1. */
  readonly roundsPerLayer?: number;
}

/**
 * The same layers for everybody, one after the other from input to output, then from the start again: FedPart's
 * sequential cycle (Wang et al., "Why Go Full?", arXiv 2410.11559) without its warm-up rounds of the full model.
 * A client whose budget holds more than one layer takes the following ones too.
 */
export function roundRobin({ roundsPerLayer = 1 }: RoundRobinOptions = {}): BlindStrategy {
  if (!Number.isInteger(roundsPerLayer) || roundsPerLayer < 1) {
    throw new SelectionError(
      'bad-config',
      `roundsPerLayer is ${roundsPerLayer}.`,
      'Give a whole number of at least 1.',
    );
  }
  return {
    name: 'round-robin',
    needs: 'nothing',
    select: (input) => {
      const length = input.layers.length;
      const start = Math.floor((input.round - 1) / roundsPerLayer);
      const order = input.layers.map((_, k) => (start + k) % length);
      return { masks: masksFrom(input, (c) => takeInOrder(order, input.costs, c.budget)) };
    },
  };
}
