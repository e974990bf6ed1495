import type { RunConfig } from '../protocol/index.ts';

/** A committed model; round 0 is what the run began with. */
export interface CommittedModel {
  readonly round: number;
  /** On held-out data; null where nobody evaluated it. */
  readonly loss: number | null;
}

/**
 * Of which rounds the models are kept. The first and the newest always are. A better model takes the place of the worst
 * of the best; of equals the earlier one stays.
 */
export function keptRounds(
  { retention: { last, best, every } }: Pick<RunConfig, 'retention'>,
  committed: readonly CommittedModel[],
): Set<number> {
  const rounds = committed.map(({ round }) => round).sort((a, b) => a - b);
  const evaluated = committed.flatMap(({ round, loss }) => (loss === null ? [] : [{ round, loss }]));
  evaluated.sort((a, b) => a.loss - b.loss || a.round - b.round);
  return new Set([
    ...rounds.filter((round) => round === 0 || (every !== null && round % every === 0)),
    ...rounds.slice(-last),
    ...evaluated.slice(0, best).map(({ round }) => round),
  ]);
}
