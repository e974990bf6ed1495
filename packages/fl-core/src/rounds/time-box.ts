import type { RunConfig } from '../protocol/index.ts';
import type { Member } from './types.ts';
import { methodIn } from './warm-up.ts';

/** Time-boxed rounds (`local.timeBox`): who is slow sends what it has done, and that weighs as its share of all. */

/**
 * Optimizer steps of a member's training, by the samples that it declared before the round opened; null where the round is
 * not time-boxed.
 * @param committed rounds of the run committed so far.
 */
export function stepsAsked(
  config: Pick<RunConfig, 'local' | 'rounds'>,
  committed: number,
  { samples }: Pick<Member, 'samples'>,
): number | null {
  const { timeBox, batchSize, maxBatches } = config.local;
  const method = methodIn(config, committed);
  if (timeBox === null || method.kind !== 'steps') return null;
  const all = Math.max(1, Math.ceil(samples / batchSize));
  return method.epochs * (maxBatches > 0 ? Math.min(maxBatches, all) : all);
}

/** Whether members of a round may send a part: of a head in closed form there are no steps to stop after. */
export const isTimeBoxed = (config: Pick<RunConfig, 'local' | 'rounds'>, committed: number): boolean =>
  config.local.timeBox !== null && methodIn(config, committed).kind === 'steps';

/** When a member stops, in milliseconds from now; null where the run is not time-boxed. */
export const stopMs = (
  { local: { timeBox } }: Pick<RunConfig, 'local'>,
  remainingMs: number,
): number | null => (timeBox === null ? null : Math.max(0, remainingMs - 1000 * timeBox));

type Steps = Pick<Member, 'stepsAsked' | 'stepsDone'>;

/** Steps that count of a claim: no more than were asked. Null where none were counted. */
export const stepsCounted = (
  { stepsAsked: asked }: Pick<Member, 'stepsAsked'>,
  done?: number,
): number | null => (asked === null ? null : Math.min(done ?? asked, asked));

/** Share of its training that an update stands for, in (0, 1]. */
export const trainedShare = ({ stepsAsked: asked, stepsDone: done }: Steps): number =>
  asked === null || done === null ? 1 : done / asked;

/** Members named in one line of the log; a run may have thousands. */
const mostNamed = 5;

/** Who sent a part of what it was asked for, for the log; null where nobody did. */
export function partsNote(cohort: readonly (Steps & Pick<Member, 'client' | 'update'>)[]): string | null {
  const parts = cohort.filter((m) => m.update !== null && trainedShare(m) < 1);
  if (parts.length === 0) return null;
  const named = parts
    .slice(0, mostNamed)
    .map((m) => `${m.client} sent ${m.stepsDone} of ${m.stepsAsked} steps`);
  const more = parts.length > mostNamed ? [`and ${parts.length - mostNamed} more sent a part`] : [];
  return `Not everybody was done when the time was over: ${[...named, ...more].join('; ')}. Their samples count by that share.`;
}
