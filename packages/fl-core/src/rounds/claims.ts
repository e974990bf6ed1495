import { lowerMedian } from '../median.ts';
import type { AggregationConfig, RunConfig } from '../protocol/index.ts';
import type { Member } from './types.ts';

/**
 * How far a round believes the numbers of samples that clients claim; they are the weights of updates, scores, losses
 * and accuracies. What counts is at most what the client declared when the round opened, and at most `weightCap`
 * times the lower median of what counts of those that it is weighed with.
 */

/** What of a claim counts. */
export interface CountedClaim {
  /** Samples that the answer is said to stand for. */
  readonly claimed: number;
  readonly counted: number;
  /** What keeps the rest from counting; null where all of it counts. */
  readonly bound: 'declared' | 'median' | null;
}

/** Two claims of the same client: with its answer, and in its newest hello when the round opened. */
interface Claim {
  readonly claimed: number;
  readonly declared: number;
}

/** @param cap see `weightCap` of {@link AggregationConfig}. */
function countClaims(claims: readonly Claim[], cap: AggregationConfig['weightCap']): CountedClaim[] {
  const declared = claims.map((c) => Math.min(c.claimed, c.declared));
  const middle = lowerMedian(declared.filter((n) => n > 0));
  const most = cap === null || middle === null ? Number.POSITIVE_INFINITY : Math.floor(cap * middle);
  return claims.map(({ claimed }, i) => {
    const counted = Math.min(declared[i]!, most);
    const bound = counted === claimed ? null : counted === declared[i] ? 'declared' : 'median';
    return { claimed, counted, bound };
  });
}

type Config = Pick<RunConfig, 'aggregation'>;
type ByClient = ReadonlyMap<string, CountedClaim>;

/**
 * d_i of each of these members, who are weighed with one another: those that train, or those whose updates count.
 * Before a member has said what its answer stands for, that is what it declared.
 */
export function countedSamples(
  { aggregation }: Config,
  cohort: readonly Pick<Member, 'client' | 'samples' | 'claimed'>[],
): ByClient {
  const claims = cohort.map(({ samples, claimed }) => ({ claimed: claimed ?? samples, declared: samples }));
  return byClient(cohort, countClaims(claims, aggregation.weightCap));
}

/** Held-out samples behind the loss and the accuracy of each member that has evaluated. */
export function countedHeldOut(
  { aggregation }: Config,
  cohort: readonly Pick<Member, 'client' | 'heldOut' | 'evaluation'>[],
): ByClient {
  const evaluated = cohort.flatMap(({ client, heldOut, evaluation }) =>
    evaluation ? [{ client, claimed: evaluation.samples, declared: heldOut }] : [],
  );
  return byClient(evaluated, countClaims(evaluated, aggregation.weightCap));
}

const byClient = (clients: readonly { readonly client: string }[], counted: CountedClaim[]): ByClient =>
  new Map(clients.map(({ client }, i) => [client, counted[i]!]));

/** Claims named in one line of the log; a run may have thousands of members. */
const mostNamed = 5;

/** A line of the log. */
export interface ClaimNote {
  /** A warning where somebody claims more than it declared; honest sites differ in size. */
  readonly level: 'info' | 'warning';
  readonly message: string;
}

/** Which claims count in part, with both numbers and the reason; null when all count wholly. */
export function boundedClaims(
  { aggregation: { weightCap } }: Config,
  claims: ByClient,
  what: 'training samples' | 'held-out samples',
): ClaimNote | null {
  const bounded = [...claims].flatMap(([client, { claimed, counted, bound }]) =>
    bound === null
      ? []
      : [
          `${client} claims ${claimed} and ${counted} count, ${bound === 'declared' ? 'as declared when the round opened' : `${weightCap} times the median of the cohort`}`,
        ],
  );
  if (bounded.length === 0) return null;
  const more = bounded.length > mostNamed ? [`and ${bounded.length - mostNamed} more`] : [];
  const said = [...bounded.slice(0, mostNamed), ...more].join('; ');
  const level = [...claims.values()].some((c) => c.bound === 'declared') ? 'warning' : 'info';
  return { level, message: `Not all ${what} that were claimed count: ${said}.` };
}
