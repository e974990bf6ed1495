import type { Method, RunConfig } from '../protocol/index.ts';

/**
 * The warm start of the head: in a run's first committed rounds everybody makes the head alone, whatever the strategy.
 * "LP-FT" of Kumar et al. (arXiv 2202.10054), linear probing before fine-tuning, carried over to rounds: below a head of
 * zeros the gradient is zero, and below a bad one it bends good features. All of it follows from how many rounds were
 * committed before, so that it is known before a round opens and the same after a restart.
 */

/** @param committed rounds of the run that were committed before this one. */
export const isWarmUp = ({ local }: Pick<RunConfig, 'local'>, committed: number): boolean =>
  committed < local.head.warmUp.rounds;

/** How what is trained is made. @param committed as in {@link isWarmUp}. */
export function methodIn({ local }: Pick<RunConfig, 'local'>, committed: number): Method {
  if (!isWarmUp({ local }, committed)) return { kind: 'steps', epochs: local.epochs };
  const { warmUp } = local.head;
  switch (warmUp.kind) {
    case 'trained':
      return { kind: 'steps', epochs: warmUp.epochs };
    case 'closed-form':
      return { kind: 'closed-form' };
    default:
      return warmUp satisfies never;
  }
}
