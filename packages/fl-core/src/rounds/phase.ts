import type { Phase, RunConfig } from '../protocol/index.ts';
import { tooStale } from './buffered/in-hand.ts';
import { roundDiagnostics } from './diagnose.ts';
import { withModel } from './privacy/spending.ts';
import { isRunOver } from './run-state.ts';
import { stoppingReason } from './stopping.ts';
import { heldOutOf } from './summary.ts';
import type { Change, Commit, Member, Round, RoundChange, RoundFacts, Run } from './types.ts';
import {
  answersNeeded,
  carriesOn,
  decide,
  isOver,
  isReadyToSeal,
  isTimed,
  type MemberFacts,
  memberState,
  secondsOf,
  type TimedPhase,
} from './verdict.ts';

/** The phases of a round: how one begins, whom an event wakes, and how it ends. */

/** Whom an event wakes. */
export type Waking =
  | {
      readonly kind: 'round';
      readonly round: number;
      readonly phase: TimedPhase;
      /** The same for what is the same news: it is told once. */
      readonly key: string;
    }
  | { readonly kind: 'run' };

/**
 * R3: after every event, and when its time is over, whether there is something to do about the phase that is waited
 * in, or a run that waits can go on; null when there is not. A phase has at most two pieces of news: that its deadline
 * comes nearer, because the goal is reached, and that it is over. Each is final, so that telling it once is enough.
 * @param open the round that is open, if there is one, and its cohort.
 * @param ready how many clients can be sampled now; read only when no round is open.
 */
export function waking(
  run: Pick<Run, 'config' | 'state'>,
  open: {
    readonly round: Pick<Round, 'round' | 'phase' | 'deadline' | 'began'>;
    readonly cohort: readonly MemberFacts[];
  } | null,
  ready: number,
  now: number,
): Waking | null {
  if (run.state === 'draft') return null;
  if (open === null) {
    const canOpen = run.state === 'running' && ready >= run.config.cohort.minimum;
    return canOpen || isRunOver(run) ? { kind: 'run' } : null;
  }
  const { round, phase, deadline } = open.round;
  if (!isTimed(phase)) return null;
  const { kind } = decide(run, open.round, phase, open.cohort, now);
  if (kind === 'open') return null;
  // Of one deadline: should the clock go back, what was said of the old one is no news of the new one.
  const key = `${round}:${phase}:${kind === 'nearer' ? 'nearer' : 'over'}:${deadline?.getTime() ?? ''}`;
  return { kind: 'round', round, phase, key };
}

const nobody: Change['members'] = new Map();

/** Begins `phase`; its deadline is stored as an absolute time (R2). */
export function entering(
  { began }: Pick<Round, 'began'>,
  phase: Phase,
  config: RunConfig,
  now: number,
): RoundChange & Pick<Round, 'phase'> {
  const seconds = isTimed(phase) ? secondsOf(phase, config) : null;
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
  const decision = decide(run, round, phase, cohort, now);
  const deadlinePassed = round.deadline !== null && now >= round.deadline.getTime();
  const carried = decision.kind === 'closed' && carriesOn(run.config, phase);
  const members = deadlinePassed && !carried ? late(run, round, phase, cohort, now) : nobody;
  switch (decision.kind) {
    case 'open':
      return null;
    case 'nearer':
      return { round: { phase, deadline: new Date(decision.deadline) }, members: nobody, commit: null };
    case 'stopped':
      return abandoning(round, stoppedReason, now);
    case 'failed': {
      const answered = cohort.filter((m) => memberState(phase, m) === 'answered').length;
      const needed = answersNeeded(phase, cohort.length, run.config, cohort.filter(isReadyToSeal).length);
      const reason = `${answered} of ${cohort.length} participants answered in ${phase}; ${needed} were needed.`;
      return abandoning(round, reason, now, members);
    }
    case 'closed':
      switch (phase) {
        case 'probing':
          return { round: entering(round, 'selecting', run.config, now), members, commit: null };
        case 'training': {
          const next = run.config.aggregation.sealing.kind === 'sealed' ? 'sealing' : 'aggregating';
          return { round: entering(round, next, run.config, now), members, commit: null };
        }
        case 'sealing':
          return { round: entering(round, 'uploading', run.config, now), members, commit: null };
        case 'uploading':
          return { round: beginUnmasking(facts, now), members, commit: null };
        case 'unmasking':
          return { round: entering(round, 'aggregating', run.config, now), members, commit: null };
        case 'evaluating':
          return committing(facts, members, now);
        default:
          return phase satisfies never;
      }
    default:
      return decision satisfies never;
  }
}

/**
 * The shares that open the sums are asked for. What the sums spend of a privacy budget is recorded with that, since
 * whoever is sent the shares can read them, whatever becomes of the round.
 */
const beginUnmasking = ({ run, round, released }: RoundFacts, now: number): Change['round'] => ({
  ...entering(round, 'unmasking', run.config, now),
  ...(run.config.privacy.kind === 'distributed'
    ? { privacy: withModel(run.config, released, round.privacy, null) }
    : {}),
});

/** R8: round record, diagnostics, checkpoint and the run's new state are one change. */
export function committing(
  { run, round, cohort, committed, heldOut: earlier }: RoundFacts,
  members: Change['members'],
  now: number,
): Change {
  const { candidate, optimizer } = round;
  if (candidate === null) throw new Error(`Round ${round.round} of ${run.id} has no candidate model.`);
  const heldOut = heldOutOf(run.config, cohort);
  const measured = heldOut === null ? [] : [...earlier, heldOut];
  const reason = stoppingReason(run.config, measured);
  const finished = committed + 1 >= run.config.rounds || reason !== null;
  const commit: Commit = { layers: candidate, optimizer, finished, reason: reason ?? '' };
  return {
    round: { ...entering(round, 'committed', run.config, now), ...roundDiagnostics(run, cohort), heldOut },
    members: new Map([...members, ...tooStale(run.config, cohort, committed, now)]),
    commit,
  };
}

/**
 * The time of these members is over and they have not answered. If it was for their update, how long that takes is not
 * known, only that it is longer: taken as twice what has passed, or twice what an adaptive budget aims at where the
 * others were faster than that, so that it shrinks until the client is in time.
 */
function late(
  { config }: Pick<Run, 'config'>,
  { began }: Pick<Round, 'began'>,
  phase: TimedPhase,
  cohort: readonly Member[],
  now: number,
): Change['members'] {
  const { budget } = config;
  const passed = Math.max(0, now - (began.training ?? now)) / 1000;
  const seconds = 2 * Math.max(passed, budget.kind === 'adaptive' ? budget.deadline : 0);
  const missing = cohort.filter((m) => ['expected', 'spare', 'absent'].includes(memberState(phase, m)));
  return new Map(
    missing.map((m) => [m.client, { late: true, ...(phase === 'training' ? { seconds } : {}) }] as const),
  );
}
