import { abandoning, type Change, type Commit, entering, nobody, type RoundFacts } from './change.ts';
import { roundDiagnostics } from './diagnose.ts';
import {
  answersNeeded,
  evaluatePhase,
  isTimed,
  type MemberFacts,
  memberState,
  type TimedPhase,
  type Verdict,
} from './phase.ts';
import type { Member, Round, Run } from './types.ts';

export const stoppedReason = 'stopped by the operator.';

/**
 * Whether a timed phase goes on (R2, R3), for everybody who asks: who moves the round on, and who wonders after an
 * event whether to wake it. The operator's stop ends it too.
 */
export function verdictOn(
  run: Pick<Run, 'config' | 'state'>,
  phase: TimedPhase,
  cohort: readonly MemberFacts[],
  deadlinePassed: boolean,
): Verdict | 'stopped' {
  if (run.state === 'stopped') return 'stopped';
  const members = cohort.map((m) => memberState(phase, m));
  return evaluatePhase({ phase, members, quorum: run.config.cohort.quorum, deadlinePassed });
}

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
