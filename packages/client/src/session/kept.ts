import type { Dataset } from '@strata/fl-core/data';
import type { RunManifest } from '@strata/fl-core/protocol';
import { type DataPlane, sha256Hex } from '../index.ts';
import type { Keeping } from './snapshot.ts';

/** Prepared data that stay on the device from one visit to the next (C5). Nothing here throws for want of room. */
export interface KeptData {
  /** Keeps `dataset` in place of what the key had; of several calls the last one stays. */
  keep(key: string, dataset: Dataset, client: string): Promise<Keeping>;
  /**
   * @param classes of the run.
   * @param client absent: whoever's data it is.
   * @returns null when nothing usable is kept under the key, or another client's.
   */
  load(key: string, classes: number, client?: string): Promise<Dataset | null>;
  /** What is kept under the key, without reading all of it. */
  find(key: string): Promise<{ readonly samples: number; readonly bytes: number } | null>;
  /** Of everything kept, in bytes. */
  size(): Promise<number>;
  clear(): Promise<void>;
}

/** Parts of models by hash, so that they are fetched once per device. Never throws. */
export interface KeptModels {
  /** The bytes of a part; null when it is not here, or damaged. */
  get(sha256: string): Promise<Uint8Array | null>;
  put(sha256: string, bytes: Uint8Array): Promise<Keeping>;
  size(): Promise<number>;
  clear(): Promise<void>;
}

/** Names the data of a run as its model takes it: another model, side, tokenizer or set of labels is other data. */
export async function preparedKey(run: string, { config, assets }: RunManifest): Promise<string> {
  const { model, side, labels } = config;
  return sha256Hex(new TextEncoder().encode(JSON.stringify([run, model, side, labels, assets])));
}

/**
 * The data plane with parts of models from `store`. What a client fetches before its first update is the model
 * as it stood when it came, and is kept; the layers that change with every round afterwards are not. `tell` hears
 * what became of each: without room, a part is fetched again next time.
 */
export function withKeptModels(
  plane: DataPlane,
  store: KeptModels,
  tell: (keeping: Keeping) => void = () => {},
): DataPlane {
  let arriving = true;
  return {
    manifest: (signal) => plane.manifest(signal),
    run: (signal) => plane.run(signal),
    knock: (signal) => plane.knock(signal),
    async blob(sha256, signal) {
      const kept = await store.get(sha256);
      signal.throwIfAborted();
      if (kept !== null) return kept;
      const bytes = await plane.blob(sha256, signal);
      if (arriving) tell(await store.put(sha256, bytes));
      return bytes;
    },
    upload(round, update, signal) {
      arriving = false;
      return plane.upload(round, update, signal);
    },
  };
}
