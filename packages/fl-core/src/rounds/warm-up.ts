import type { RunConfig } from '../protocol/index.ts';

/**
 * The warm start of the head: in a run's first committed rounds everybody trains the head alone, whatever the strategy.
 * "LP-FT" of Kumar et al. (arXiv 2202.10054), linear probing before fine-tuning, carried over to rounds: below a head of
 * zeros the gradient is zero, and below a bad one it bends good features. All of it follows from how many rounds were
 * committed before, so that it is known before a round opens and the same after a restart.
 */

/** @param committed rounds of the run that were committed before this one. */
export const isWarmUp = ({ local }: Pick<RunConfig, 'local'>, committed: number): boolean =>
  committed < local.head.warmUp.rounds;

/** Epochs over the local data. @param committed as in {@link isWarmUp}. */
export const epochsIn = ({ local }: Pick<RunConfig, 'local'>, committed: number): number =>
  isWarmUp({ local }, committed) ? local.head.warmUp.epochs : local.epochs;
