import { alwaysTrained, selectableLayers } from '@strata/fl-core/models/layouts';
import { decodeSafetensors, LocalConfig, type NamedTensor } from '@strata/fl-core/protocol';
import { layoutFor } from '@strata/fl-core/rounds';
import type { Reference } from './config.ts';
import { accuracyOn } from './measure.ts';
import { sharedLayers } from './shared-layers.ts';
import type { Counted, Setting } from './worker/messages.ts';
import type { DevicePool } from './worker/pool.ts';

export interface ReferenceResult {
  /** The rate that did best on validation. */
  readonly rate: number;
  readonly validation: Counted | null;
  readonly test: Counted | null;
  readonly tried: readonly { readonly rate: number; readonly validation: number | null }[];
}

/**
 * What the model learns of the whole pool in one place: its head alone (a linear probe, on features that are computed
 * once) or all of it. AdamW with a cosine after a warm-up of a tenth.
 */
export async function referenceOf(
  layers: 'head' | 'all',
  { epochs, rates, batchSize }: Reference,
  setting: Setting,
  start: readonly NamedTensor[],
  pool: DevicePool,
): Promise<ReferenceResult> {
  const { config, data } = setting;
  const layout = layoutFor(config);
  const train = [...(layers === 'all' ? selectableLayers(layout) : []), ...alwaysTrained(layout)];
  const first = sharedLayers(config, start);
  const trained = await Promise.all(
    rates.map(async (rate) => {
      const local = LocalConfig.parse({
        epochs,
        batchSize,
        optimizer: { name: 'adamw', learningRate: rate, weightDecay: 0.01 },
        schedule: { name: 'cosine', warmUp: 0.1 },
        clipNorm: 1,
      });
      const done = await pool.do({ kind: 'alone', train, local, seed: config.seed, layers: first });
      if (done?.kind !== 'update') return { rate, layers: null, validation: null, merit: -Infinity };
      const model = sharedLayers(config, moved(start, decodeSafetensors(done.update).tensors));
      const validation = await accuracyOn(pool, 'validation', data.validation, model);
      // Without samples for it, the lowest loss in training has to do.
      return { rate, layers: model, validation, merit: validation?.accuracy ?? -(done.loss ?? Number.NaN) };
    }),
  );
  const best = trained.reduce((a, b) => (b.merit > a.merit ? b : a));
  return {
    rate: best.rate,
    validation: best.validation,
    test: best.layers === null ? null : await accuracyOn(pool, 'test', data.test, best.layers),
    tried: trained.map(({ rate, validation }) => ({ rate, validation: validation?.accuracy ?? null })),
  };
}

function moved(start: readonly NamedTensor[], update: readonly NamedTensor[]): NamedTensor[] {
  const deltas = new Map(update.map((t) => [t.name, t.data]));
  return start.map(({ name, shape, data }) => {
    const delta = deltas.get(name);
    return { name, shape, data: delta === undefined ? data : data.map((value, i) => value + delta[i]!) };
  });
}
