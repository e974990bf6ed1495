import { random } from '../random.ts';

/** How often the goal must be met (R10). */
export const reliability = 0.99;

/** Above this rate of drop-outs more clients do not help: the cohort would be the whole world. */
const worstDropOut = 0.9;

export interface Turnout {
  /** Clients in the cohort. */
  readonly cohort: number;
  /** Updates that were counted. */
  readonly updates: number;
}

/** Share of cohort members that brought no update in the rounds given, in [0, 1]; 0 before the first round. */
export function dropOutRate(history: readonly Turnout[]): number {
  const cohort = history.reduce((n, h) => n + h.cohort, 0);
  const updates = history.reduce((n, h) => n + h.updates, 0);
  return cohort === 0 ? 0 : 1 - updates / cohort;
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

/** The cohort of a round: `size` of the ready clients, drawn with the run's seed (R11); all if there are fewer. */
export function sampleCohort(ready: readonly string[], size: number, seed: number, round: number): string[] {
  return random(seed, 'cohort', round)
    .shuffle([...ready].sort())
    .slice(0, size)
    .sort();
}
