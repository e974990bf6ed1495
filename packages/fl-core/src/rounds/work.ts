import type { ModelLayout } from '../models/layouts.ts';
import type { Checkpoint, Phase, RunConfig, Work } from '../protocol/index.ts';
import { deriveSeed } from '../random.ts';
import { hasWork } from './buffered/in-hand.ts';
import { trainedLayers } from './layout.ts';
import { type Applicant, lackOf } from './opening.ts';
import type { SealedWork } from './sealed/work.ts';
import { selectionPlan } from './selection/plan.ts';
import { isTimeBoxed, stopMs } from './time-box.ts';
import type { Client, Given, Member, Round, Run } from './types.ts';
import { isOver, isTimed, secondsOf, type TimedPhase } from './verdict.ts';
import { methodIn } from './warm-up.ts';

/** Past rounds that an estimate looks at. */
export const estimateWindow = 10;

type OpenRound = Pick<Round, 'round' | 'phase' | 'openedAt' | 'deadline' | 'candidate' | 'privacy'>;
type Place = Pick<
  Member,
  'scores' | 'mask' | 'update' | 'evaluation' | 'left' | 'late' | 'given' | 'sealing'
>;

/** All that a client's work depends on. */
export interface WorkFacts {
  readonly run: Pick<Run, 'config' | 'state' | 'reason'>;
  readonly layout: ModelLayout;
  readonly client: Applicant & Pick<Client, 'id'>;
  /** The newest round, if there is one; it may be over. */
  readonly round: OpenRound | null;
  /** The client's place in it, if it has one. */
  readonly member: Place | null;
  /** What the member is asked for as one of a sealed round (`sealedWorkOf`); null in others. */
  readonly sealed: SealedWork | null;
  /** The newest committed model. */
  readonly checkpoint: Checkpoint;
  /** Of a buffered run: the models that a member may still be at work on, by round. */
  readonly earlier: ReadonlyMap<number, Checkpoint>;
  /** Rounds committed so far. */
  readonly committed: number;
  /** Clients that can be sampled now. */
  readonly ready: number;
  /** Durations of the newest rounds in seconds. */
  readonly pastSeconds: readonly number[];
  readonly now: number;
}

type Waiting = Extract<Work, { kind: 'wait' }>;

/** "What is my work?" (R9): complete, from rows alone, the same before and after a restart. */
export function workOf(facts: WorkFacts): Work {
  const { run, client, checkpoint } = facts;
  switch (run.state) {
    case 'finished':
    case 'stopped':
    case 'failed':
      return {
        kind: 'over',
        state: run.state,
        // Who was never let in is not told where the model is.
        checkpoint: client.awaitsApproval ? { round: checkpoint.round, layers: {} } : checkpoint,
        message: run.reason || overMessages[run.state],
      };
    case 'draft':
    case 'running':
    case 'paused':
      break;
    default:
      return run.state satisfies never;
  }
  if (client.awaitsApproval) return wait('approval', unapproved);
  // Until it is done, whatever becomes of the round that it was handed out in.
  if (facts.member !== null && hasWork(facts.member) && !client.left) return workInHand(facts, facts.member);
  const round = facts.round !== null && isOver(facts.round.phase) ? null : facts.round;
  const member = round && facts.member;
  const lack = client.hello && lackOf(client.hello, run.config);
  if (lack !== null && !(round && member && !member.left)) return wait('not-eligible', lack);
  if (run.state === 'draft') return wait('run-not-started', 'The run has not started yet.');
  if (round && member && !member.left) return workInRound(facts, round, member);
  if (client.left) return wait('you-paused', 'You have left this run. Join again to go on.');
  if (client.paused) return wait('you-paused', 'You have paused. Resume to be part of the next round.');
  if (round) {
    const seconds = secondsToNextRound(
      {
        phase: round.phase,
        openedAt: round.openedAt.getTime(),
        deadline: round.deadline?.getTime() ?? null,
      },
      facts.pastSeconds,
      run.config,
      facts.now,
    );
    return {
      ...wait('next-round', `Round ${round.round} is under way. You can be part of the next one.`),
      round: round.round,
      estimateSeconds: Math.round(seconds),
    };
  }
  if (run.state === 'paused') return wait('run-paused', 'The operator has paused the run.');
  const { minimum } = run.config.cohort;
  return facts.ready < minimum
    ? wait('more-clients', `A round begins when ${minimum} participants are ready; ${facts.ready} are now.`)
    : wait('server', 'The next round is about to begin.');
}

/** What a member of a buffered run was told when its layers were chosen, to the letter. */
function workInHand({ run, layout, client, earlier, round, now }: WorkFacts, { given, mask }: Place): Work {
  const model = given && earlier.get(given.base);
  if (!given || !model || !mask) throw new Error(`The model that ${client.id} works on is not known.`);
  const training = round?.phase === 'training' && round.deadline !== null ? round.deadline.getTime() : null;
  const longest = 1000 * run.config.deadlines.training;
  return {
    ...trainWork(run.config, layout, client.id, mask, given),
    remainingMs: training === null ? longest : 1000 * secondsLeft('training', training, run.config, now),
    checkpoint: model,
    clip: null,
    box: null,
    seal: null,
  };
}

/** What follows from when the work was handed out. */
const trainWork = (
  config: RunConfig,
  layout: ModelLayout,
  client: string,
  mask: readonly string[],
  { round, committed }: Pick<Given, 'round' | 'committed'>,
) => ({
  kind: 'train' as const,
  round,
  mask: [...mask],
  train: trainedLayers(layout, mask),
  seed: deriveSeed(config.seed, 'round', round, 'client', client, 'train'),
  span: [committed / config.rounds, (committed + 1) / config.rounds] satisfies [number, number],
  method: methodIn(config, committed),
});

function workInRound(facts: WorkFacts, round: OpenRound, member: Place): Work {
  const { run, layout, client, checkpoint, committed, now } = facts;
  const remainingMs = 1000 * secondsLeft(round.phase, round.deadline?.getTime() ?? now, run.config, now);
  const base = { round: round.round, remainingMs };
  const seed = deriveSeed(run.config.seed, 'round', round.round, 'client', client.id, 'probe');
  const others = {
    ...wait('others', 'Waiting for the other participants of this round.'),
    round: round.round,
  };
  switch (round.phase) {
    case 'probing': {
      const { probe } = selectionPlan(run.config, committed);
      if (member.scores !== null || probe === null) return others;
      return { kind: 'probe', ...base, checkpoint, seed, ...probe };
    }
    case 'training':
      if (member.mask === null) {
        const message = 'The layers were chosen without you. You can be part of the next round.';
        return { ...wait('next-round', message), round: round.round };
      }
      if (member.update !== null || member.sealing !== null) return others;
      return {
        ...trainWork(run.config, layout, client.id, member.mask, { round: round.round, committed }),
        remainingMs,
        checkpoint,
        clip: round.privacy?.clip ?? null,
        box: isTimeBoxed(run.config, committed) ? boxOf(run.config, remainingMs, round) : null,
        seal: facts.sealed?.kind === 'prepare' ? facts.sealed.terms : null,
      };
    case 'evaluating':
      if (member.evaluation !== null || round.candidate === null) return others;
      return {
        kind: 'evaluate',
        ...base,
        checkpoint: { round: round.round, layers: round.candidate },
      };
    case 'sealing':
    case 'uploading':
    case 'unmasking':
      return facts.sealed === null || facts.sealed.kind === 'prepare' ? others : { ...facts.sealed, ...base };
    case 'waiting':
    case 'selecting':
    case 'aggregating':
    case 'committed':
    case 'abandoned': {
      const message = member.mask !== null && member.update === null ? tooLate : atWork;
      return { ...wait('server', message), round: round.round };
    }
    default:
      return round.phase satisfies never;
  }
}

function boxOf(
  config: RunConfig,
  remainingMs: number,
  { deadline }: OpenRound,
): Extract<Work, { kind: 'train' }>['box'] {
  const stop = stopMs(config, remainingMs);
  return stop === null || deadline === null ? null : { stopMs: stop, closes: deadline.getTime() };
}

const atWork = 'The server is at work on this round.';
const tooLate =
  'The others were done, and training closed before your changes had arrived: they do not count. You can be part of the next round.';

interface OpenRoundFacts {
  readonly phase: Phase;
  /** Milliseconds since the epoch. */
  readonly openedAt: number;
  readonly deadline: number | null;
}

/**
 * Seconds until the open round is probably over (R1): the median of past rounds less what has passed; before
 * the first round, the time that its phases may take at most.
 */
export function secondsToNextRound(
  round: OpenRoundFacts,
  pastSeconds: readonly number[],
  config: RunConfig,
  now: number,
): number {
  const latest = secondsAtMost(round, config, now);
  if (pastSeconds.length === 0) return latest;
  const typical = median(pastSeconds) - Math.max(0, now - round.openedAt) / 1000;
  return Math.max(0, Math.min(typical, latest));
}

/** Until the deadline; never more than the phase may last, wherever the clock has gone. */
function secondsLeft(
  phase: Phase,
  deadline: number,
  config: Pick<RunConfig, 'deadlines' | 'aggregation'>,
  now: number,
): number {
  const most = isTimed(phase) ? secondsOf(phase, config) : 0;
  return Math.min(most, Math.max(0, deadline - now) / 1000);
}

function secondsAtMost({ phase, deadline }: OpenRoundFacts, config: RunConfig, now: number): number {
  const present = deadline === null ? 0 : secondsLeft(phase, deadline, config, now);
  const { deadlines } = config;
  const ofPhase = (timed: TimedPhase) => secondsOf(timed, config);
  const sealed = config.aggregation.sealing.kind === 'sealed';
  const evaluating = sealed ? 0 : deadlines.evaluating;
  switch (phase) {
    case 'waiting':
      return deadlines.probing + deadlines.training + 3 * ofPhase('sealing') + evaluating;
    case 'probing':
      return present + deadlines.training + 3 * ofPhase('sealing') + evaluating;
    case 'selecting':
      return deadlines.training + 3 * ofPhase('sealing') + evaluating;
    case 'training':
      return present + 3 * ofPhase('sealing') + evaluating;
    case 'sealing':
      return present + 2 * ofPhase('uploading');
    case 'uploading':
      return present + ofPhase('unmasking');
    case 'unmasking':
      return present;
    case 'aggregating':
      return evaluating;
    case 'evaluating':
      return present;
    case 'committed':
    case 'abandoned':
      return 0;
    default:
      return phase satisfies never;
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

const unapproved =
  'You are on the operator’s list. You can close this page and open it later in this browser: your place on the list stays.';

const overMessages = {
  finished: 'All rounds are done. Thank you for taking part.',
  stopped: 'The operator has stopped the run.',
  failed: 'The run cannot go on.',
} as const;

const wait = (reason: Waiting['reason'], message: string): Waiting => ({
  kind: 'wait',
  reason,
  round: null,
  estimateSeconds: null,
  message,
});

/** Whether two answers ask for the same; the time that passed between them does not count. */
export function sameWork(a: Work, b: Work): boolean {
  return JSON.stringify(timeless(a)) === JSON.stringify(timeless(b));
}

function timeless(work: Work): object {
  switch (work.kind) {
    case 'wait':
      return { ...work, estimateSeconds: null };
    case 'train':
      // That training closes earlier than was told is news to who stops before that.
      return { ...work, remainingMs: 0, box: work.box && { ...work.box, stopMs: 0 } };
    case 'probe':
    case 'evaluate':
      return { ...work, remainingMs: 0 };
    case 'share':
    case 'mask':
    case 'release':
      // What comes with it is the same for as long as its phase lasts, and may be large.
      return { kind: work.kind, round: work.round };
    case 'over':
      return work;
    default:
      return work satisfies never;
  }
}
