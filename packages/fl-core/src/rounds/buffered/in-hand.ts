import { bufferOf, type RunConfig } from '../../protocol/index.ts';
import type { Given, Member, MemberChange } from '../types.ts';

/** Work that members of a buffered run have in hand, and take from round to round until it is done. */

/** What is handed out to those that begin now; null where no round can carry it on. */
export const givenNow = (config: Pick<RunConfig, 'cohort'>, given: Given): Given | null =>
  bufferOf(config) === null ? null : given;

/** Whether a member is at work on what a later round would still take: told its layers, not done, not gone, not too slow. */
export const hasWork = ({
  given,
  update,
  left,
  late,
}: Pick<Member, 'given' | 'update' | 'left' | 'late'>): boolean =>
  given !== null && update === null && !left && !late;

/** As the newest round leaves it: who goes on with the same work in the next one. */
export const carriedFrom = <M extends Member>(newest: readonly M[]): M[] => newest.filter(hasWork);

/**
 * Whose work is too old for the round after this commit. They count as members that have not answered, so that a device
 * that never does takes nobody's place for ever.
 * @param committed rounds of the run committed before this one.
 */
export function tooStale(
  { cohort }: Pick<RunConfig, 'cohort'>,
  members: readonly Member[],
  committed: number,
  now: number,
): ReadonlyMap<string, MemberChange> {
  const buffer = bufferOf({ cohort });
  if (buffer === null) return new Map();
  return new Map(
    members.flatMap((m) => {
      if (m.given === null || !hasWork(m)) return [];
      if (committed + 1 - m.given.committed <= buffer.staleness) return [];
      // How long it takes is not known, only that it is longer: as for who misses the end of a training.
      const seconds = (2 * Math.max(0, now - m.given.at)) / 1000;
      return [[m.client, { late: true, seconds }] as const];
    }),
  );
}
