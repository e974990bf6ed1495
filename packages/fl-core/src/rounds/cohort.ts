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

/**
 * Share of cohort members that brought no update in the rounds given, in [0, 1]; 0 before the first round. Left out
 * are those that had no chance to: their round was abandoned before its end, or the goal was reached before they
 * were done. They would be counted as drop-outs because the cohort was large, and make it larger still.
 */
export function dropOutRate(history: readonly Turnout[], goal: number): number {
  let [updates, missing] = [0, 0];
  for (const round of history) {
    updates += round.updates;
    missing += round.allUpdates >= goal ? round.missing - round.slow : round.missing;
  }
  return missing === 0 ? 0 : missing / (updates + missing);
}

/**
 * Smallest cohort of which at least `goal` clients answer with probability `reliability`, if each drops out
 * independently with probability `dropOut` (R10).
 *
 * The number of clients asked until the goal-th answers is negative binomial, so one pass over its mass
 * function gives the answer: P(N = n) = C(n-1, goal-1) q^goal p^(n-goal), kept as a logarithm because q^goal
 * underflows for large goals.
 */
export function cohortSize(goal: number, dropOut: number, wanted = reliability): number {
  const p = Math.min(Math.max(dropOut, 0), worstDropOut);
  if (p === 0) return goal;
  let n = goal;
  let logMass = goal * Math.log1p(-p);
  let reached = Math.exp(logMass);
  while (reached < wanted) {
    logMass += Math.log(n / (n - goal + 1)) + Math.log(p);
    n += 1;
    reached += Math.exp(logMass);
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
