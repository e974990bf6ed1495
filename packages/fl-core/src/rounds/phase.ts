import type { Phase } from '../protocol/index.ts';

/** The phases that wait for clients; each has a deadline (R2). */
export type TimedPhase = 'probing' | 'training' | 'evaluating';

export const isTimed = (phase: Phase): phase is TimedPhase =>
  phase === 'probing' || phase === 'training' || phase === 'evaluating';

/** No more can happen in a round that is committed or abandoned. */
export const isOver = (phase: Phase): boolean => phase === 'committed' || phase === 'abandoned';

/**
 * Where one member of the cohort stands in the present phase: `answered`; `expected` (connected or away, may
 * still answer); `out` (left, or has nothing to do in this phase). A member never goes back from `answered`
 * or `out` to `expected` within a round, so that a verdict other than `open` stays true for good.
 */
export type MemberState = 'answered' | 'expected' | 'out';

export interface PhaseState {
  readonly phase: TimedPhase;
  /** One entry for every member of the cohort. */
  readonly members: readonly MemberState[];
  /** Share of the cohort that must answer, in [0, 1]. */
  readonly quorum: number;
  readonly deadlinePassed: boolean;
}

export type Verdict = 'open' | 'closed' | 'failed';

/** Answers a phase needs: the quorum of the whole cohort, at least one. */
export function answersNeeded(cohort: number, quorum: number): number {
  // The tolerance keeps 0.1 * 30 = 3.0000000000000004 at three.
  return Math.max(1, Math.ceil(quorum * cohort - 1e-9));
}

/**
 * Whether a phase goes on (R2, R3). It closes at once when nobody is expected any more, and at its deadline
 * with those who answered if they are the quorum. It fails when the quorum is missed at the deadline, or as
 * soon as it cannot be reached. `evaluating` has no quorum and never fails.
 */
export function evaluatePhase({ phase, members, quorum, deadlinePassed }: PhaseState): Verdict {
  const answered = members.filter((m) => m === 'answered').length;
  const expected = members.filter((m) => m === 'expected').length;
  const mayWait = expected > 0 && !deadlinePassed;
  if (phase === 'evaluating') return mayWait ? 'open' : 'closed';
  const needed = answersNeeded(members.length, quorum);
  if (answered + expected < needed) return 'failed';
  if (mayWait) return 'open';
  return answered >= needed ? 'closed' : 'failed';
}

/** What {@link memberState} reads of a member's row. */
export interface MemberFacts {
  readonly scores: unknown;
  readonly mask: unknown;
  readonly update: string | null;
  readonly evaluation: unknown;
  readonly left: boolean;
}

/** Where a member stands. An answer counts although its sender has left since. */
export function memberState(phase: TimedPhase, member: MemberFacts): MemberState {
  const state = (answered: boolean, hasWork: boolean): MemberState =>
    answered ? 'answered' : hasWork && !member.left ? 'expected' : 'out';
  switch (phase) {
    case 'probing':
      return state(member.scores !== null, true);
    case 'training':
      return state(member.update !== null, member.mask !== null);
    case 'evaluating':
      return state(member.evaluation !== null, true);
    default:
      return phase satisfies never;
  }
}
