import {
  bufferOf,
  leastParticipants,
  type Phase,
  type RunConfig,
  secretSampling,
} from '../protocol/index.ts';
import { parametersFor } from '../sealing/graph/degree.ts';
import type { Round, Run } from './types.ts';

/** Whom a phase waits for, how long, and when it is over (R2, R3). */

/** The phases that wait for clients; each has a deadline (R2). */
export type TimedPhase = 'probing' | 'training' | 'sealing' | 'uploading' | 'unmasking' | 'evaluating';

const timedPhases: readonly Phase[] = [
  'probing',
  'training',
  'sealing',
  'uploading',
  'unmasking',
  'evaluating',
] satisfies TimedPhase[];

export const isTimed = (phase: Phase): phase is TimedPhase => timedPhases.includes(phase);

/** Seconds that a phase may last. */
export function secondsOf(
  phase: TimedPhase,
  { deadlines, aggregation: { sealing } }: Pick<RunConfig, 'deadlines' | 'aggregation'>,
): number {
  switch (phase) {
    case 'probing':
    case 'training':
    case 'evaluating':
      return deadlines[phase];
    case 'sealing':
    case 'uploading':
    case 'unmasking':
      return sealing.kind === 'sealed' ? sealing.seconds : 0;
    default:
      return phase satisfies never;
  }
}

/** No more can happen in a round that is committed or abandoned. */
export const isOver = (phase: Phase): boolean => phase === 'committed' || phase === 'abandoned';

/**
 * Where one member of the cohort stands in the present phase:
 * - `answered`;
 * - `excused`: has nothing to say in it, and said so;
 * - `expected`: connected or away, and may still answer;
 * - `spare`: may still answer, but did not in its newest rounds: nobody waits for it longer than the grace;
 * - `absent`: may still answer, but let an earlier phase of this round close without it: nobody waits for it while the
 *   others are enough;
 * - `out`: left, or has nothing to do in this phase.
 *
 * A member never comes back from `answered`, `excused` or `out` within a round, and is one of `expected`, `spare` and
 * `absent` for the whole of a phase, so that a verdict other than `open` stays true for good.
 */
export type MemberState = 'answered' | 'excused' | 'expected' | 'spare' | 'absent' | 'out';

/** Rounds in a row that a client misses until it is `spare`: one may be an accident. */
const patience = 2;

export interface PhaseState {
  /** One entry for every member of the cohort. */
  readonly members: readonly MemberState[];
  /** Answers with which the phase may close; 0 where it closes with whoever answered. */
  readonly needed: number;
  readonly deadlinePassed: boolean;
  /** Answers with which it closes whoever else is at work; absent: there is no such number. */
  readonly enough?: number;
}

export type Verdict = 'open' | 'closed' | 'failed';

/**
 * Answers that a phase needs to close: the quorum of the goal, or of the cohort where that is smaller, at least one;
 * none in `evaluating`. What is aggregated is of {@link leastParticipants} in a study, and of as many as a sum needs
 * where it is sealed; once keys are shared, of as many as secrets are put together from, too. Where cohorts are drawn in
 * secret none are needed: whether there is a model must not tell how many were drawn.
 * @param ready members that share keys; read only in a sealed round.
 */
export function answersNeeded(
  phase: TimedPhase,
  cohort: number,
  config: Pick<RunConfig, 'cohort' | 'purpose' | 'aggregation' | 'privacy'>,
  ready = 0,
): number {
  if (secretSampling(config) !== null) return 0;
  const { sealing } = config.aggregation;
  const sum = sealing.kind === 'sealed' ? sealing.atLeast : 1;
  switch (phase) {
    case 'evaluating':
      return 0;
    case 'probing':
      return quorumOf(phase, cohort, config);
    case 'training':
      return Math.max(sum, quorumOf(phase, cohort, config));
    case 'sealing':
    case 'uploading':
    case 'unmasking':
      return Math.max(sum, parametersFor(ready).threshold);
    default:
      return phase satisfies never;
  }
}

function quorumOf(
  phase: 'probing' | 'training',
  cohort: number,
  { cohort: { goal, quorum }, purpose }: Pick<RunConfig, 'cohort' | 'purpose'>,
): number {
  // The tolerance keeps 0.1 * 30 = 3.0000000000000004 at three.
  const share = Math.ceil(quorum * Math.min(goal, cohort) - 1e-9);
  const least = phase === 'training' && purpose.kind === 'study' ? leastParticipants : 1;
  return Math.max(least, share);
}

const count = (members: readonly MemberState[], ...states: readonly MemberState[]): number =>
  members.filter((m) => states.includes(m)).length;

/**
 * Whether a phase goes on (R2, R3). With enough answers it closes at once when nobody is waited for any more, or a buffer
 * is full, and at its deadline. It fails when enough are missed at the deadline, or as soon as they cannot be reached.
 */
export function evaluatePhase({
  members,
  needed,
  deadlinePassed,
  enough = Number.POSITIVE_INFINITY,
}: PhaseState): Verdict {
  const answered = count(members, 'answered');
  const waitedFor = count(members, 'expected', 'spare');
  const all = answered + waitedFor + count(members, 'absent');
  if (all < needed) return 'failed';
  if (answered >= needed && (waitedFor === 0 || answered >= enough)) return 'closed';
  if (!deadlinePassed) return 'open';
  return answered >= needed ? 'closed' : 'failed';
}

/** Whether only the grace is left to those that have not answered (R2): the goal is reached, or no more can be expected. */
export function isGoalReached(
  { members, needed }: Omit<PhaseState, 'deadlinePassed'>,
  goal: number,
): boolean {
  const answered = count(members, 'answered');
  if (answered < Math.max(1, needed)) return false;
  return answered >= goal || count(members, 'expected') === 0;
}

/** What {@link memberState} reads of a member's row. */
export interface MemberFacts {
  readonly scores: unknown;
  readonly mask: unknown;
  readonly update: string | null;
  readonly evaluation: { readonly samples: number } | null;
  readonly left: boolean;
  readonly missed: number;
  readonly late: boolean;
  readonly sealing: { readonly shared: unknown; readonly released: unknown } | null;
}

/** Where a member stands. An answer counts although its sender has left since. */
export function memberState(phase: TimedPhase, member: MemberFacts): MemberState {
  const open = (): MemberState => {
    if (member.left) return 'out';
    if (member.late) return 'absent';
    return member.missed >= patience ? 'spare' : 'expected';
  };
  switch (phase) {
    case 'probing':
      return member.scores === null ? open() : 'answered';
    case 'training':
      if (member.update !== null || isReadyToSeal(member)) return 'answered';
      return member.mask === null ? 'out' : open();
    case 'sealing':
      if (!member.sealing) return 'out';
      return member.sealing.shared === null ? open() : 'answered';
    case 'uploading':
      if (!member.sealing?.shared) return 'out';
      return member.update === null ? open() : 'answered';
    case 'unmasking':
      if (!member.sealing || member.update === null) return 'out';
      return member.sealing.released === null ? open() : 'answered';
    case 'evaluating':
      if (member.evaluation === null) return open();
      return member.evaluation.samples === 0 ? 'excused' : 'answered';
    default:
      return phase satisfies never;
  }
}

/** Whether it shares its keys in this round. */
export const isReadyToSeal = ({ sealing }: Pick<MemberFacts, 'sealing'>): boolean => sealing !== null;

/** Whether a member has answered a phase of its round, whichever. */
export const hasAnswered = (member: MemberFacts): boolean =>
  member.scores !== null ||
  member.update !== null ||
  isReadyToSeal(member) ||
  (member.evaluation?.samples ?? 0) > 0;

/** Whether who is not done when the phase closes goes on in the next round. */
export const carriesOn = (config: Pick<RunConfig, 'cohort'>, phase: TimedPhase): boolean =>
  phase === 'training' && bufferOf(config) !== null;

/** What is to be done about a timed phase. */
export type Decision =
  | { readonly kind: Exclude<Verdict, 'open'> | 'stopped' | 'open' }
  /** It goes on, but no longer than to this time, in milliseconds since the epoch. */
  | { readonly kind: 'nearer'; readonly deadline: number };

/**
 * What becomes of a timed phase now (R2, R3), for everybody who asks: who moves the round on, and who wonders after an
 * event whether to wake it. The operator's stop ends it too.
 */
export function decide(
  run: Pick<Run, 'config' | 'state'>,
  round: Pick<Round, 'deadline' | 'began'>,
  phase: TimedPhase,
  cohort: readonly MemberFacts[],
  now: number,
): Decision {
  if (run.state === 'stopped') return { kind: 'stopped' };
  const { config } = run;
  const deadline = round.deadline?.getTime() ?? Number.POSITIVE_INFINITY;
  const state = {
    members: cohort.map((m) => memberState(phase, m)),
    needed: answersNeeded(phase, cohort.length, config, cohort.filter(isReadyToSeal).length),
    deadlinePassed: now >= deadline,
    ...(carriesOn(config, phase) ? { enough: config.cohort.goal } : {}),
  };
  const kind = evaluatePhase(state);
  if (kind !== 'open') return { kind };
  // A phase cannot have longer left than it may last: then the clock has gone back since it began.
  const longest = now + secondsOf(phase, config) * 1000;
  const { grace } = config.cohort;
  // Of a cohort that is drawn in secret all are waited for: who is cut off must not follow from who else was drawn.
  const goal = secretSampling(config) === null ? config.cohort.goal : Number.POSITIVE_INFINITY;
  const took = Math.max(0, now - (round.began[phase] ?? now));
  const end = isGoalReached(state, goal)
    ? now + Math.ceil(Math.max(grace.seconds * 1000, grace.share * took))
    : longest;
  const nearest = Math.min(end, longest);
  return nearest < deadline ? { kind: 'nearer', deadline: nearest } : { kind };
}
