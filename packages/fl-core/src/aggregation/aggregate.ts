import { AggregationError } from './error.ts';
import { krumOrder } from './rules/krum.ts';
import { bySamples, type WeightedUpdate, weightedSum } from './rules/mean.ts';
import { clipped } from './rules/norm-clipping.ts';
import { median, trimmedMean } from './rules/ranks.ts';
import { counted, type Emit, type LayerUpdate } from './update.ts';

/** How the clients' changes of a layer become one. */
export type AggregationRule =
  /** Weighted by samples (R6). */
  | { readonly name: 'mean' }
  | { readonly name: 'median' }
  /** `share` in [0, 0.5): cut off at each end. */
  | { readonly name: 'trimmed-mean'; readonly share: number }
  /** `norm` > 0: longest change of the layer that a client may make. */
  | { readonly name: 'norm-clipping'; readonly norm: number }
  /** `byzantine`: clients that may send anything. */
  | { readonly name: 'krum'; readonly byzantine: number }
  /** `keep` >= 1: updates that are averaged, at most n - byzantine. */
  | { readonly name: 'multi-krum'; readonly byzantine: number; readonly keep: number };

/**
 * Aggregates one layer over the clients that trained it. The result is emitted in pieces, in order, in float64; the
 * same updates give the same bytes whatever their order (R7). Memory is bounded by pieces, not by
 * clients times layer.
 * @param elements number of values of the layer.
 * @returns the clients that had a say, in client order. Empty, and nothing is emitted, when nobody trained the layer:
 * it keeps its bytes (R6).
 * @throws AggregationError `bad-config`; `too-few-clients` for Krum; `bad-update` when an update is too short.
 */
export async function aggregateLayer(
  rule: AggregationRule,
  updates: readonly LayerUpdate[],
  elements: number,
  emit: Emit,
): Promise<string[]> {
  checkRule(rule);
  const trained = counted(updates);
  if (trained.length === 0) return [];
  switch (rule.name) {
    case 'mean':
      return summed(bySamples(trained), elements, emit);
    case 'norm-clipping':
      return summed(await clipped(trained, elements, rule.norm), elements, emit);
    case 'median':
      await median(trained, elements, emit);
      return trained.map((u) => u.client);
    case 'trimmed-mean':
      await trimmedMean(trained, elements, emit, rule.share);
      return trained.map((u) => u.client);
    case 'krum':
    case 'multi-krum': {
      const keep = rule.name === 'krum' ? 1 : Math.min(rule.keep, trained.length - rule.byzantine);
      const kept = counted((await krumOrder(trained, elements, rule.byzantine)).slice(0, keep));
      return summed(
        kept.map((update) => ({ update, weight: 1 / kept.length })),
        elements,
        emit,
      );
    }
    default:
      return rule satisfies never;
  }
}

async function summed(updates: readonly WeightedUpdate[], elements: number, emit: Emit): Promise<string[]> {
  await weightedSum(updates, elements, emit);
  return updates.map(({ update }) => update.client);
}

function checkRule(rule: AggregationRule): void {
  if (inRange(rule)) return;
  throw new AggregationError(
    'bad-config',
    `${JSON.stringify(rule)} is out of range.`,
    'See AggregationRule for the ranges.',
  );
}

function inRange(rule: AggregationRule): boolean {
  const natural = (n: number, least: number) => Number.isInteger(n) && n >= least;
  switch (rule.name) {
    case 'mean':
    case 'median':
      return true;
    case 'trimmed-mean':
      return rule.share >= 0 && rule.share < 0.5;
    case 'norm-clipping':
      return rule.norm > 0 && Number.isFinite(rule.norm);
    case 'krum':
      return natural(rule.byzantine, 0);
    case 'multi-krum':
      return natural(rule.byzantine, 0) && natural(rule.keep, 1);
    default:
      return rule satisfies never;
  }
}
