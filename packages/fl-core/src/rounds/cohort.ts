import type { DrawnFrom, RunConfig } from '../protocol/index.ts';
import { type Random, random } from '../random.ts';

/** How often the goal must be met (R10). */
export const reliability = 0.99;

/** Above this rate of drop-outs more clients do not help: the cohort would be the whole world. */
const worstDropOut = 0.9;

/** What came of a round's members, those aside that were asked last: why they bring nothing is known. */
export interface Turnout {
  /** Members. */
  readonly cohort: number;
  /** Updates that were counted. */
  readonly updates: number;
  /** Members without an update that left, or let a phase close without their answer. */
  readonly missing: number;
  /** Those of the missing that answered another phase, and have not left. */
  readonly slow: number;
  /** Updates of the whole round, those of members asked last included. */
  readonly allUpdates: number;
}

/** What is known of members that were asked: how many brought no update, and how many did. */
export interface Losses {
  readonly missing: number;
  readonly updates: number;
}

/**
 * Members that brought no update in the rounds given, and those that did. Left out are those that had no chance to: their
 * round was abandoned before its end, or the goal was reached before they were done. They would be counted as drop-outs
 * because the cohort was large, and make it larger still.
 */
export function lossesOf(history: readonly Turnout[], goal: number): Losses {
  let [updates, missing] = [0, 0];
  for (const round of history) {
    updates += round.updates;
    missing += round.allUpdates >= goal ? round.missing - round.slow : round.missing;
  }
  return { missing, updates };
}

/** What is taken to have been seen before a run's first loss: half a member lost of five. */
const prior: Losses = { missing: 0.5, updates: 4.5 };

/**
 * Members that are asked for `goal` updates after such losses (R10): the smallest cohort of which at least so many answer
 * with probability {@link reliability}, if each drops out independently with a probability that is not known, but is
 * spread as Beta(missing, updates) says after the {@link prior}. With the mean rate alone a goal of 10 was missed in 1.3 of
 * 100 rounds, since it is as often too low as too high. Without a loss it is the goal; never more than at a loss of
 * {@link worstDropOut}, so that a crowd that does not answer enlarges it no further.
 */
export function cohortFor(goal: number, { missing, updates }: Losses): number {
  if (missing === 0) return goal;
  const [lost, kept] = [missing + prior.missing, updates + prior.updates];
  let logMass = 0;
  for (let i = 0; i < goal; i++) logMass += Math.log((kept + i) / (lost + kept + i));
  // B(kept + goal, lost + n + 1 - goal) / B(kept + goal, lost + n - goal)
  const another = (n: number) => (lost + n - goal) / (lost + kept + n);
  return smallest(goal, logMass, another, reliability, cohortSize(goal, worstDropOut));
}

/**
 * No cohort is larger, whatever the losses: by {@link cohortFor}, and one that is asked to see whether it is back
 * ({@link drawFrom}).
 */
export const largestCohort = (goal: number): number => cohortSize(goal, worstDropOut) + 1;

/**
 * Smallest cohort of which at least `goal` clients answer with probability `wanted`, if each drops out independently with
 * probability `dropOut`, in [0, 1]; above {@link worstDropOut} it counts as that.
 */
export function cohortSize(goal: number, dropOut: number, wanted = reliability): number {
  const p = Math.min(Math.max(dropOut, 0), worstDropOut);
  if (p === 0) return goal;
  return smallest(goal, goal * Math.log1p(-p), () => p, wanted, Number.POSITIVE_INFINITY);
}

/**
 * The number of clients asked until the goal-th answers is negative binomial, so one pass over its mass function gives
 * the answer: P(N = n) = C(n-1, goal-1) q^goal p^(n-goal), kept as a logarithm because q^goal underflows for large goals.
 * @param logMass of n = goal.
 * @param another what one more loss multiplies the mass by, beside the binomial coefficient.
 */
function smallest(
  goal: number,
  logMass: number,
  another: (n: number) => number,
  wanted: number,
  most: number,
): number {
  let n = goal;
  let log = logMass;
  let reached = Math.exp(log);
  while (reached < wanted && n < most) {
    log += Math.log((n / (n - goal + 1)) * another(n));
    n += 1;
    reached += Math.exp(log);
  }
  return n;
}

/**
 * m: clients that a layer must be given to so that, with probability `reliability`, at least `least` of them are left when
 * it is sealed, each lost independently with probability `loss` in between.
 * @param least t_min, the smallest group whose sum may be opened, at least 1.
 */
export const minimumGroup = (least: number, loss: number): number => cohortSize(least, loss);

/** Every so many rounds one of those that are asked last is asked although the others are enough. */
const trialEvery = 4;

/** A client that can be sampled, and how many rounds in a row it was asked in and answered nothing. */
export interface ReadyClient {
  readonly id: string;
  readonly missed: number;
}

/**
 * Whom the cohort of a round is drawn from, and how many: `size` of those that answer. Those that did not answer
 * lately fill up to the goal where the others are too few, and get one place now and then, so that it is seen who is
 * back; until then no more than that place is lost by them.
 */
export function drawFrom(
  candidates: readonly ReadyClient[],
  size: number,
  goal: number,
  round: number,
): DrawnFrom {
  const sorted = [...candidates].sort((a, b) => (a.id < b.id ? -1 : 1));
  const ready = sorted.filter((c) => c.missed === 0).map((c) => c.id);
  const last = sorted.filter((c) => c.missed > 0).map(({ id, missed }) => ({ id, missed }));
  const trial = round % trialEvery === 0 ? 1 : 0;
  const lastSize = Math.min(last.length, Math.max(0, goal - ready.length) + trial);
  return { ready, size: Math.min(ready.length, size), last, lastSize };
}

/**
 * As {@link drawFrom}, where so many more clients may be at work and no more are asked: those that answered lately, but for
 * the place of one that did not, now and then.
 */
export function drawUpTo(candidates: readonly ReadyClient[], room: number, round: number): DrawnFrom {
  const most = Math.max(0, room);
  const drawn = drawFrom(candidates, most, most, round);
  const lastSize = Math.min(drawn.lastSize, most);
  return { ...drawn, size: Math.min(drawn.size, most - lastSize), lastSize };
}

/**
 * What is drawn for a round with the run's sampling seed: by a hash of that and the round's number, so that who has
 * seen cohorts knows nothing of the next one.
 */
export const sampler = async (sampling: string, round: number, what: string): Promise<Random> =>
  random(await sha256(`${sampling}:${round}`), what);

/**
 * The cohort of a round, by id (R11). Of those that are asked last the ones that missed least.
 */
export async function drawCohort(from: DrawnFrom, sampling: string, round: number): Promise<string[]> {
  const rng = await sampler(sampling, round, 'cohort');
  const first = rng.shuffle(from.ready).slice(0, from.size);
  const last = rng
    .shuffle(from.last)
    .sort((a, b) => a.missed - b.missed)
    .slice(0, from.lastSize);
  return [...first, ...last.map((c) => c.id)].sort();
}

/**
 * The cohort of a round in which everybody takes part with probability `rate`, in secret and apart from all others
 * (Poisson): a client's lot is a hash of the run's sampling seed, which nobody is told, the round and its id.
 */
export async function drawSecretly(
  ids: readonly string[],
  rate: number,
  sampling: string,
  round: number,
): Promise<Set<string>> {
  const lots = await Promise.all(ids.map((id) => sha256(`${sampling}:${round}:secret:${id}`)));
  // 52 bits, so that the number is exact
  return new Set(ids.filter((_, i) => Number.parseInt(lots[i]!.slice(0, 13), 16) / 2 ** 52 < rate));
}

async function sha256(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return [...digest].map((b) => b.toString(16).padStart(2, '0')).join('');
}

/** The sampling seed that a configuration states; null when it is to be drawn in secret. */
export const statedSampling = ({ purpose }: Pick<RunConfig, 'purpose'>): string | null =>
  purpose.kind === 'test' && purpose.sampling !== null ? String(purpose.sampling) : null;
