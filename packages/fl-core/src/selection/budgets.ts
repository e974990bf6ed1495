import { StrataError } from '../error.ts';
import { type Random, random } from '../random.ts';

/** R_i of every client, in the unit of the layer costs. */
export type BudgetPolicy =
  /** The same for everybody. */
  | { readonly kind: 'fixed'; readonly amount: number }
  /** What each client says it can afford, `fallback` for those that say nothing. */
  | { readonly kind: 'participant'; readonly fallback: number }
  /** Drawn once a client, for the whole run (R11). */
  | {
      readonly kind: 'drawn';
      readonly distribution: 'uniform' | 'half-normal';
      readonly min: number;
      readonly max: number;
    }
  /** From the times of earlier rounds, so that everybody is done by the deadline. */
  | { readonly kind: 'adaptive'; readonly deadline: number; readonly first: number; readonly max: number };

export interface BudgetClient {
  readonly id: string;
  /** What the participant says; null when it says nothing. */
  readonly wish: number | null;
  /** Its last rounds, oldest first; empty for a newcomer. */
  readonly rounds: readonly MeasuredRound[];
}

export interface MeasuredRound {
  /** Cost of the mask it trained. */
  readonly cost: number;
  /** From work received to update sent, download and upload included, in the deadline's unit. */
  readonly time: number;
}

/** R_i >= 0 of one client. Throws {@link StrataError} for a policy out of range. */
export function budgetOf(policy: BudgetPolicy, client: BudgetClient, seed: number): number {
  switch (policy.kind) {
    case 'fixed':
      return checked('amount', policy.amount);
    case 'participant':
      return checked('budget', client.wish ?? policy.fallback);
    case 'drawn': {
      const { min, max, distribution } = policy;
      if (!(checked('min', min) <= max)) {
        throw new StrataError('bad-config', `Budgets from ${min} to ${max}.`, 'Give min <= max.');
      }
      const draws = random(seed, 'budget', client.id);
      return distribution === 'uniform' ? uniformBudget(min, max, draws) : halfNormalBudget(min, max, draws);
    }
    case 'adaptive':
      return adaptiveBudget(policy, client.rounds);
    default:
      return policy satisfies never;
  }
}

/** A whole number in [min, max], all alike. */
export function uniformBudget(min: number, max: number, draws: Random): number {
  return min + draws.below(Math.floor(max - min) + 1);
}

/**
 * A whole number in [min, max] from a half-normal distribution that starts at `min`, has half of the range as its
 * standard deviation and is drawn again beyond `max`: most clients are weak, as in arXiv 2408.15600 with [1, 4]
 * (whose code clips nothing and reaches 6).
 */
export function halfNormalBudget(min: number, max: number, draws: Random): number {
  const width = Math.floor(max - min) + 1;
  for (;;) {
    const drawn = Math.abs(draws.normal()) * (width / 2);
    if (drawn < width) return min + Math.floor(drawn);
  }
}

/**
 * TimelyFL's idea (Zhang et al., arXiv 2304.06947): the workload follows the measured speed, so that slow devices
 * train less instead of coming late. Time is taken as `fixed + rate * cost`; both are fitted to the rounds by least
 * squares when their costs differ, else all time is charged to the cost. A newcomer gets `first`.
 */
export function adaptiveBudget(
  policy: { readonly deadline: number; readonly first: number; readonly max: number },
  rounds: readonly MeasuredRound[],
): number {
  if (rounds.length === 0) return Math.min(checked('first', policy.first), policy.max);
  const meanCost = mean(rounds.map((r) => r.cost));
  const meanTime = mean(rounds.map((r) => r.time));
  const spread = mean(rounds.map((r) => (r.cost - meanCost) ** 2));
  const slope = mean(rounds.map((r) => (r.cost - meanCost) * (r.time - meanTime))) / spread;
  const fits = spread > 0 && slope > 0 && slope * meanCost <= meanTime;
  if (meanCost === 0) return meanTime <= policy.deadline ? policy.max : 0; // nothing is known of the cost
  const rate = fits ? slope : meanTime / meanCost;
  const fixed = fits ? meanTime - slope * meanCost : 0;
  if (rate === 0) return policy.max;
  return Math.min(Math.max((policy.deadline - fixed) / rate, 0), policy.max);
}

function checked(name: string, value: number): number {
  if (Number.isFinite(value) && value >= 0) return value;
  throw new StrataError('bad-config', `${name} is ${value}.`, 'Give a finite number that is not negative.');
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
