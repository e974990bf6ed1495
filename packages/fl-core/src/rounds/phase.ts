import type { Phase, RunConfig } from '../protocol/index.ts';
import { roundDiagnostics } from './diagnose.ts';
import { isRunOver } from './run-state.ts';
import type { Change, Commit, Member, Round, RoundChange, RoundFacts, Run } from './types.ts';

/** The phases of a round: whom one waits for, whether it goes on, whom an event wakes, and how it ends. */

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

/**
 * Whether a timed phase goes on (R2, R3), for everybody who asks: who moves the round on, and who wonders after an
 * event whether to wake it. The operator's stop ends it too.
 */
function verdictOn(
  run: Pick<Run, 'config' | 'state'>,
  phase: TimedPhase,
  cohort: readonly MemberFacts[],
  deadlinePassed: boolean,
): Verdict | 'stopped' {
  if (run.state === 'stopped') return 'stopped';
  const members = cohort.map((m) => memberState(phase, m));
  return evaluatePhase({ phase, members, quorum: run.config.cohort.quorum, deadlinePassed });
}

/** Whom an event wakes. */
export type Waking =
  | { readonly kind: 'round'; readonly round: number; readonly phase: TimedPhase }
  | { readonly kind: 'run' };

/**
 * R3: after every event, whether the phase that is waited in is decided, or a run that waits can go on; null when
 * there is nothing to do. Deadlines are not looked at: who waits has a clock of its own. A verdict is final, so that
 * one message a phase is enough.
 * @param open the round that is open, if there is one, and its cohort.
 * @param ready how many clients can be sampled now; read only when no round is open.
 */
export function waking(
  run: Pick<Run, 'config' | 'state'>,
  open: { readonly round: Pick<Round, 'round' | 'phase'>; readonly cohort: readonly Member[] } | null,
  ready: number,
): Waking | null {
  if (run.state === 'draft') return null;
  if (open === null) {
    const canOpen = run.state === 'running' && ready >= run.config.cohort.minimum;
    return canOpen || isRunOver(run) ? { kind: 'run' } : null;
  }
  const { round, phase } = open.round;
  if (!isTimed(phase) || verdictOn(run, phase, open.cohort, false) === 'open') return null;
  return { kind: 'round', round, phase };
}

const nobody: Change['members'] = new Map();

/** Begins `phase`; its deadline is stored as an absolute time (R2). */
export function entering(
  { began }: Pick<Round, 'began'>,
  phase: Phase,
  { deadlines }: RunConfig,
  now: number,
): RoundChange & Pick<Round, 'phase'> {
  const seconds = isTimed(phase) ? deadlines[phase] : null;
  return {
    phase,
    deadline: seconds === null ? null : new Date(now + seconds * 1000),
    began: { ...began, [phase]: now },
    closedAt: isOver(phase) ? new Date(now) : null,
  };
}

/** Ends a round without a result: the model stays as it was (R2). */
export function abandoning(
  { began }: Pick<Round, 'began'>,
  reason: string,
  now: number,
  members: Change['members'] = nobody,
): Change {
  const round = {
    phase: 'abandoned',
    deadline: null,
    reason,
    began: { ...began, abandoned: now },
    closedAt: new Date(now),
  } as const;
  return { round, members, commit: null };
}

const stoppedReason = 'stopped by the operator.';

/**
 * How a timed phase ends: with the next phase, the commit or the round's abandonment. Null while it goes on, and
 * for phases in which nobody is waited for.
 */
export function settling(facts: RoundFacts, now: number): Change | null {
  const { run, round, cohort } = facts;
  const { phase } = round;
  if (!isTimed(phase)) return null;
  const deadlinePassed = round.deadline !== null && now >= round.deadline.getTime();
  const verdict = verdictOn(run, phase, cohort, deadlinePassed);
  const members = phase === 'training' && deadlinePassed ? late(round, cohort, now) : nobody;
  switch (verdict) {
    case 'open':
      return null;
    case 'stopped':
      return abandoning(round, stoppedReason, now);
    case 'failed': {
      const answered = cohort.filter((m) => memberState(phase, m) === 'answered').length;
      const needed = answersNeeded(cohort.length, run.config.cohort.quorum);
      const reason = `${answered} of ${cohort.length} participants answered in ${phase}; ${needed} were needed.`;
      return abandoning(round, reason, now, members);
    }
    case 'closed':
      switch (phase) {
        case 'probing':
          return { round: entering(round, 'selecting', run.config, now), members, commit: null };
        case 'training':
          return { round: entering(round, 'aggregating', run.config, now), members, commit: null };
        case 'evaluating':
          return committing(facts, now);
        default:
          return phase satisfies never;
      }
    default:
      return verdict satisfies never;
  }
}

/** R8: round record, diagnostics, checkpoint and the run's new state are one change. */
function committing({ run, round, cohort, committed }: RoundFacts, now: number): Change {
  const { candidate, optimizer } = round;
  if (candidate === null) throw new Error(`Round ${round.round} of ${run.id} has no candidate model.`);
  const commit: Commit = { layers: candidate, optimizer, finished: committed + 1 >= run.config.rounds };
  return {
    round: { ...entering(round, 'committed', run.config, now), ...roundDiagnostics(run, cohort) },
    members: nobody,
    commit,
  };
}

/**
 * Training is over and these members have not sent their update: their time is not known, only that it is longer.
 * Taken as twice what has passed, so that an adaptive budget shrinks until the client is in time.
 */
function late({ began }: Round, cohort: readonly Member[], now: number): Change['members'] {
  const seconds = (2 * Math.max(0, now - (began.training ?? now))) / 1000;
  const missing = cohort.filter((m) => memberState('training', m) === 'expected');
  return new Map(missing.map((m) => [m.client, { seconds }]));
}
