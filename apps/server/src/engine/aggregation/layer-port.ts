import { layerBytes } from '@strata/fl-core/models/layouts';
import { secretSampling } from '@strata/fl-core/protocol';
import {
  type CountedUpdate,
  type LayerPort,
  layoutFor,
  mapInRound,
  modelNoiseOf,
  recyclesUpdates,
} from '@strata/fl-core/rounds';
import { and, eq } from 'drizzle-orm';
import type { HasMeasured } from '../../live/measured.ts';
import type { HasBlobs } from '../../store/blobs.ts';
import { isRound, type RoundRow, type RunRow } from '../../store/rows.ts';
import { rounds } from '../../store/schema.ts';
import type { HasNaming } from '../../store/shared-lock.ts';
import type { HasDb } from '../../store/store.ts';
import { type HasTraces, noTraces } from '../../tracing/traces.ts';
import type { HasEvents } from '../../views/event-log.ts';
import { type HasLayerSteps, LayerSteps } from './layer-steps.ts';
import type { SpooledUpdate } from './spooled-layer.ts';

/** Bytes of layers that are made at once at least: each time costs the database a transaction and the disk some waits. */
const smallRoom = 16 * 2 ** 20;

/** Layers are blobs; those finished before a crash are in the round's row, with their optimizer state. */
export function layerPort(
  { db, blobs, naming, events, traces }: HasDb & HasBlobs & HasNaming & HasEvents & HasTraces,
  { id, config }: RunRow,
  row: RoundRow,
  step: LayerPort['step'],
): LayerPort {
  const { round } = row;
  const largest = Math.max(...layoutFor(config).layers.map(layerBytes));
  // Of a cohort that is drawn in secret, how long its sums take would tell how many there are (R14).
  const { within } = secretSampling(config) === null ? traces : noTraces;
  return {
    room: Math.max(smallRoom, LayerSteps.atOnce * largest),
    together: (layers, work) => {
      const bytes = layers.reduce((sum, layer) => sum + layerBytes(layer), 0);
      const of = { 'strata.layers': layers.map((layer) => layer.name), 'strata.bytes': bytes };
      return within(row, 'layers', of, work);
    },
    step,
    read: (sha256) => blobs.read(sha256),
    write: (bytes) => blobs.put(bytes),
    keep: (make) =>
      naming.shared(async () => {
        const made = await make();
        await db.transaction((tx) =>
          tx
            .update(rounds)
            .set(made)
            .where(and(isRound({ run: id, round }), eq(rounds.phase, 'aggregating'))),
        );
        return made;
      }),
    refused: (layer, { message, hint }) =>
      events.add(id, {
        level: 'warning',
        kind: 'layer-refused',
        round,
        message: `Layer ${layer} stays as it was: ${message} ${hint}`,
      }),
  };
}

/** A layer by the updates on disk. */
export async function clearStep(
  { blobs, layerSteps, measured }: HasBlobs & HasLayerSteps & HasMeasured,
  { config }: RunRow,
  round: RoundRow,
  updates: readonly CountedUpdate[],
): Promise<LayerPort['step']> {
  // At once: where blobs are in a bucket, they are fetched.
  const spooled = await Promise.all(
    updates.map(
      async (u): Promise<SpooledUpdate> => ({
        ...u,
        path: await blobs.path(u.update),
        norms: measured.normsOf(u.update),
      }),
    ),
  );
  const options = {
    recycles: recyclesUpdates(config),
    noise: modelNoiseOf(config, round.privacy),
    map: mapInRound(config, round),
  };
  return (layer, before, state) =>
    layerSteps.step(config.aggregation, layer, before, state, spooled, options);
}
