import type { Method, RunConfig } from '../protocol/index.ts';

/**
 * Rounds of the head alone, whatever the strategy: its warm start, a run's first committed rounds, and where it is computed
 * in closed form every so many after them and the last. "LP-FT" of Kumar et al. (arXiv 2202.10054), linear probing before
 * fine-tuning, carried over to rounds: below a head of zeros the gradient is zero, and below a bad one it bends good
 * features. All of it follows from how many rounds were committed before, so that it is known before a round opens and the
 * same after a restart.
 */

type Rounds = Pick<RunConfig, 'local' | 'rounds'>;

/** Whether a round makes the head alone. @param committed rounds of the run that were committed before this one. */
export function isHeadAlone({ local, rounds }: Rounds, committed: number): boolean {
  const { warmUp } = local.head;
  if (committed < warmUp.rounds) return true;
  if (warmUp.kind === 'trained' || warmUp.every === 0) return false;
  // The last one, where something was trained since the first.
  if (committed === rounds - 1) return committed > warmUp.rounds;
  // Not shortly before the last, which would have little new to see.
  const left = rounds - 1 - committed;
  return left >= Math.max(2, warmUp.every / 2) && (committed - warmUp.rounds + 1) % warmUp.every === 0;
}

/** Of so many committed rounds those that trained layers. */
export const trainedOf = (config: Rounds, committed: number): number =>
  Array.from({ length: committed }, (_, before) => before).filter((before) => !isHeadAlone(config, before))
    .length;

/** How what is trained is made. @param committed as in {@link isHeadAlone}. */
export function methodIn(config: Rounds, committed: number): Method {
  const { local } = config;
  if (!isHeadAlone(config, committed)) return { kind: 'steps', epochs: local.epochs };
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
