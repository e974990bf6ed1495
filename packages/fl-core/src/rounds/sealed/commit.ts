import type { Candidate } from '../candidate.ts';
import { committing } from '../phase.ts';
import type { Change, RoundFacts, SealedResult } from '../types.ts';

/**
 * A sealed round ends with its candidate: how that does on held-out data is summed up in the next round, with its
 * words. Null when the round has moved on meanwhile.
 */
export function committingSealed(
  facts: RoundFacts,
  made: Candidate,
  sealed: SealedResult,
  now: number,
): Change | null {
  if (facts.round.phase !== 'aggregating') return null;
  const change = committing({ ...facts, round: { ...facts.round, ...made } }, new Map(), now);
  return { ...change, round: { ...change.round, ...made, sealed } };
}
