import { bufferOf, type RunConfig } from '../protocol/index.ts';

/** A committed model; round 0 is what the run began with. */
export interface CommittedModel {
  readonly round: number;
  /** On held-out data; null where nobody evaluated it. */
  readonly loss: number | null;
}

/**
 * How many of the newest models a run needs kept: those that it wants; of a buffered one those that somebody may still work
 * on, and one more, which may be on its way to a device as the next is committed.
 */
export const newestKept = ({ retention, cohort }: Pick<RunConfig, 'retention' | 'cohort'>): number => {
  const buffer = bufferOf({ cohort });
  return buffer === null ? retention.last : Math.max(retention.last, buffer.staleness + 2);
};

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
