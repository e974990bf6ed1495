import type { LayerSpec } from '@strata/fl-core/models/layouts';
import type { AggregationConfig } from '@strata/fl-core/protocol';
import { type LayerStep, stepLayer } from '@strata/fl-core/rounds';
import { SpooledLayer, type SpooledUpdate } from './spooled-updates.ts';

/** {@link stepLayer} with updates in their files: those among them that hold the layer. */
export async function stepSpooled(
  config: AggregationConfig,
  layer: LayerSpec,
  before: Uint8Array,
  state: Uint8Array | null,
  updates: readonly SpooledUpdate[],
): Promise<LayerStep> {
  const spooled = new SpooledLayer(layer, updates);
  return stepLayer(config, layer, before, state, spooled.updates).finally(() => spooled.close());
}
