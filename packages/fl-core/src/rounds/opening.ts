import {
  bufferOf,
  type DeviceInfo,
  type DrawnFrom,
  type Hello,
  type RunConfig,
  secretSampling,
} from '../protocol/index.ts';
import { budgetOf, type MeasuredRound } from '../selection/index.ts';
import { carriedFrom } from './buffered/in-hand.ts';
import {
  cohortFor,
  drawCohort,
  drawFrom,
  drawSecretly,
  drawUpTo,
  largestCohort,
  lossesOf,
  type Turnout,
} from './cohort.ts';
import { clipFor } from './privacy/clip.ts';
import { accounted, budgetSpent, expectedCohort, type RoundPrivacy } from './privacy/spending.ts';
import { isRunOver } from './run-state.ts';
import { selectionPlan } from './selection/plan.ts';
import type { Client, Member, Round, Run } from './types.ts';
import { methodIn } from './warm-up.ts';

/** What a run does next. */
export type NextRound =
  | { readonly kind: 'over' }
  /** Another round would pass the run's epsilon: it stops here, for this reason. */
  | { readonly kind: 'spent'; readonly reason: string }
  /** Nothing to do until something changes, or for `seconds` at most. */
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'round'; readonly round: number };

/** A waiting run looks again after this long even if nobody wakes it. */
const longWait = 3600;
/** Newest closed rounds that losses are counted in. */
export const turnoutWindow = 20;
/** Newest rounds of a run that an adaptive budget is fitted to. */
export const budgetWindow = 20;

/** What is looked at of a client before it is drawn. */
export interface Applicant extends Pick<Client, 'paused' | 'left' | 'awaitsApproval'> {
  readonly hello: (Pick<Hello, 'samples'> & { readonly device: Pick<DeviceInfo, 'backend'> }) | null;
}

/** A client that can be sampled, if it is connected: introduced, let in, eligible, with data, and wanting work. */
export const isReady = (client: Applicant, config: Pick<RunConfig, 'cohort'>): boolean =>
  client.hello !== null &&
  client.hello.samples > 0 &&
  lackOf(client.hello, config) === null &&
  !client.awaitsApproval &&
  !client.paused &&
  !client.left;

/** What the run asks for and a client has not, in words for its person; null: nothing. Nobody proves what a client says. */
export function lackOf(
  { samples, device: { backend } }: NonNullable<Applicant['hello']>,
  { cohort: { eligible } }: Pick<RunConfig, 'cohort'>,
): string | null {
  if (!eligible.backends.includes(backend)) {
    return `This run is for devices that train by ${eligible.backends.join(' or ')}; yours trains by ${backend}.`;
  }
  if (samples > 0 && samples < eligible.samples) {
    return `This run asks for ${eligible.samples} samples or more to train on; you have ${samples}.`;
  }
  return null;
}

/** Pause before a round that follows `abandoned` abandoned ones in a row: 1, 2, 4 ... 60 seconds. */
export const backOffSeconds = (abandoned: number): number =>
  abandoned === 0 ? 0 : Math.min(60, 2 ** (abandoned - 1));

export type PastRound = Pick<Round, 'round' | 'phase' | 'closedAt'>;

/**
 * Whether the run opens its next round, and which. R12: with too few clients it waits, however long.
 * @param open the round that is open already, which is then the answer.
 * @param past the newest closed rounds, newest first.
 * @param ready how many clients can be sampled now.
 * @param released what rounds have released with noise, oldest first.
 * @param committed rounds of the run committed so far.
 */
export function nextRound(
  run: Pick<Run, 'config' | 'state'>,
  open: Pick<Round, 'round'> | null,
  past: readonly PastRound[],
  ready: number,
  released: readonly RoundPrivacy[],
  committed: number,
  now: number,
): NextRound {
  if (open) return { kind: 'round', round: open.round };
  if (isRunOver(run)) return { kind: 'over' };
  if (run.state !== 'running') return { kind: 'wait', seconds: longWait };
  const reason = budgetSpent(run.config, released, selectionPlan(run.config, committed).probe !== null);
  if (reason !== null) return { kind: 'spent', reason };
  const pause = secondsToPause(past, now);
  if (pause > 0) return { kind: 'wait', seconds: pause };
  if (ready < run.config.cohort.minimum) return { kind: 'wait', seconds: longWait };
  return { kind: 'round', round: (past[0]?.round ?? 0) + 1 };
}

function secondsToPause(past: readonly PastRound[], now: number): number {
  const lastGood = past.findIndex((r) => r.phase !== 'abandoned');
  const seconds = backOffSeconds(lastGood === -1 ? past.length : lastGood);
  const since = (now - (past[0]?.closedAt?.getTime() ?? 0)) / 1000;
  // The clock went back since: how much of the pause has passed is not known, and it is not begun anew.
  if (since < 0) return 0;
  return Math.max(0, seconds - since);
}

/** What a client's newest place in a cohort says of how it answers. */
export type LastPlace = Pick<Member, 'client' | 'missed' | 'late'> & {
  /** It answered a phase, whichever. */
  readonly answered: boolean;
};

/** Rounds in a row that a client was asked in and answered nothing, its newest one included. */
export function missedRounds({ missed, late, answered }: LastPlace): number {
  if (answered) return 0;
  return late ? missed + 1 : missed;
}

/** Who belongs to a round, and whom they were drawn from. */
export interface Cohort<C> {
  readonly members: readonly C[];
  readonly drawnFrom: DrawnFrom;
  /** Of a buffered run: who goes on with the work of an earlier round. */
  readonly carried: readonly Member[];
}

/**
 * Who belongs to a round (R1, R10, R11): of the ready clients as many as the goal needs at the turnout so far; where
 * cohorts are drawn in secret, each with the run's probability, whatever becomes of that, nobody at all among it. Where the
 * head is computed from sums, all of them, up to the largest cohort: a pass over the samples is asked of each, once. In a
 * buffered run those who have work in hand, and as many more as may be at work.
 * @param committed rounds of the run committed so far.
 * @param missed of the clients, see {@link missedRounds}; those that are not in it missed nothing.
 * @param newest the cohort of the newest round, which is over, without clients that have left since; read only in a buffered run.
 */
export async function cohortOf<C extends Pick<Client, 'id'>>(
  { config, sampling }: Pick<Run, 'config' | 'sampling'>,
  round: number,
  ready: readonly C[],
  committed: number,
  missed: ReadonlyMap<string, number>,
  turnout: readonly Turnout[],
  newest: readonly Member[] = [],
): Promise<Cohort<C>> {
  const rate = secretSampling(config);
  if (rate !== null) {
    const ids = ready.map(({ id }) => id).sort();
    const drawn = await drawSecretly(ids, rate, sampling, round);
    const drawnFrom = { ready: ids, size: drawn.size, last: [], lastSize: 0 };
    return { members: ready.filter(({ id }) => drawn.has(id)), drawnFrom, carried: [] };
  }
  const { goal } = config.cohort;
  const buffer = bufferOf(config);
  const carried = buffer === null ? [] : carriedFrom(newest);
  const busy = new Set(carried.map((m) => m.client));
  const candidates = ready.flatMap(({ id }) => (busy.has(id) ? [] : [{ id, missed: missed.get(id) ?? 0 }]));
  const needed = cohortFor(goal, lossesOf(turnout, goal));
  const everybody = methodIn(config, committed).kind === 'closed-form';
  const size = everybody ? Math.max(needed, Math.min(ready.length, largestCohort(goal))) : needed;
  const drawnFrom =
    buffer === null
      ? drawFrom(candidates, size, goal, round)
      : drawUpTo(candidates, buffer.atWork - carried.length, round);
  const cohort = new Set(await drawCohort(drawnFrom, sampling, round));
  return { members: ready.filter((c) => cohort.has(c.id)), drawnFrom, carried };
}

/** What is known of a member as its round opens; of one that goes on with earlier work, that too. */
export type NewMember = Pick<
  Member,
  'run' | 'round' | 'client' | 'samples' | 'heldOut' | 'budget' | 'missed'
> &
  Partial<Pick<Member, 'mask' | 'cost' | 'given'>>;

export interface NewRound {
  readonly round: Pick<
    Round,
    'run' | 'round' | 'phase' | 'deadline' | 'baseRound' | 'began' | 'openedAt' | 'privacy'
  >;
  readonly members: readonly NewMember[];
  readonly drawnFrom: DrawnFrom;
}

/**
 * A round as it opens: its cohort is fixed, probing begins, or selecting where nobody needs to be asked.
 * @param committed rounds of the run committed so far.
 * @param measured what each client's masks cost lately and how long it took, oldest first; for adaptive budgets.
 * @param released what other rounds have released with noise, oldest first.
 */
export function opening(
  run: Pick<Run, 'id' | 'config' | 'committedRound'>,
  round: number,
  { members, drawnFrom, carried }: Cohort<Pick<Client, 'id' | 'hello'>>,
  committed: number,
  measured: ReadonlyMap<string, readonly MeasuredRound[]>,
  released: readonly RoundPrivacy[],
  now: number,
): NewRound {
  const { config, id } = run;
  const phase = selectionPlan(config, committed).probe ? 'probing' : 'selecting';
  const missed = new Map(drawnFrom.last.map((c) => [c.id, c.missed]));
  return {
    round: {
      run: id,
      round,
      phase,
      deadline: phase === 'probing' ? new Date(now + config.deadlines.probing * 1000) : null,
      baseRound: run.committedRound,
      began: { [phase]: now },
      openedAt: new Date(now),
      privacy: opened(config, released, drawnFrom.ready.length),
    },
    drawnFrom,
    members: [
      ...members.map(({ id: client, hello }) => {
        const wish = hello?.budget ?? null;
        const known = { id: client, wish, rounds: measured.get(client) ?? [] };
        return {
          run: id,
          round,
          client,
          samples: hello?.samples ?? 0,
          heldOut: hello?.heldOut ?? 0,
          budget: budgetOf(config.budget, known, config.seed),
          missed: missed.get(client) ?? 0,
        };
      }),
      ...carried.map(({ client, samples, heldOut, budget, missed, mask, cost, given }) => {
        return { run: id, round, client, samples, heldOut, budget, missed, mask, cost, given };
      }),
    ],
  };
}

/** What a sum is divided by where cohorts are drawn in secret: it follows from who was ready, not from who was drawn. */
function opened(config: RunConfig, released: readonly RoundPrivacy[], ready: number): RoundPrivacy | null {
  const { privacy } = config;
  const clip = clipFor(config, released);
  if (privacy.kind !== 'client' || privacy.sampling === null || clip === null) return null;
  const sample = { expected: expectedCohort(privacy.sampling, ready), layers: [] };
  return accounted(config, privacy, released, { clip, choice: null, model: null, sample });
}
