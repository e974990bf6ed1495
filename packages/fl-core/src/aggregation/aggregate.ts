import { type AggregationRule, ruleNamed } from './rules/index.ts';
import { counted, type Emit, type LayerUpdate } from './update.ts';

/**
 * Aggregates one layer over the clients that trained it. The result is emitted in pieces, in order, in float64; the
 * same updates give the same bytes whatever their order (R7). Memory is bounded by pieces, not by
 * clients times layer.
 * @param elements number of values of the layer.
 * @returns the clients that had a say, in client order. Empty, and nothing is emitted, when nobody trained the layer:
 * it keeps its bytes (R6).
 * @throws StrataError `bad-config`; `too-few-clients` for a rule that needs more; `bad-update` when an update is too short.
 */
export async function aggregateLayer(
  config: AggregationRule,
  updates: readonly LayerUpdate[],
  elements: number,
  emit: Emit,
): Promise<string[]> {
  const rule = ruleNamed(config.name).create(config);
  const trained = counted(updates);
  return trained.length === 0 ? [] : rule(trained, elements, emit);
}
