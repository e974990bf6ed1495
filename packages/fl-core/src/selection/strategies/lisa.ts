import { random } from '../../random.ts';
import { SelectionError } from '../error.ts';
import { masksFrom, takeInOrder } from '../input.ts';
import type { BlindStrategy } from '../strategy.ts';

export interface LisaOptions {
  /** Rounds for which a draw is kept; default 1. */
  readonly period?: number;
}

/**
 * Layers drawn uniformly, anew every period, the rest frozen: LISA (Pan et al., arXiv 2403.17919), which always
 * trains the head too. Carried over to a cohort: one draw for everybody, so that smaller budgets hold a part of
 * what larger ones hold.
 */
export function lisa({ period = 1 }: LisaOptions = {}): BlindStrategy {
  if (!Number.isInteger(period) || period < 1) {
    throw new SelectionError('bad-config', `period is ${period}.`, 'Give a whole number of at least 1.');
  }
  return {
    name: 'lisa',
    needs: 'nothing',
    select: (input) => {
      const draw = Math.floor((input.round - 1) / period);
      const order = random(input.seed, 'lisa', draw).shuffle([...input.layers.keys()]);
      return { masks: masksFrom(input, (c) => takeInOrder(order, input.costs, c.budget)) };
    },
  };
}
