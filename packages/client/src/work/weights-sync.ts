import { type Checkpoint, decodeSafetensors, type NamedTensor } from '@strata/fl-core/protocol';

/** Downloads at the same time; more gains nothing on one connection. */
const parallel = 4;

export interface WeightsTarget {
  setLayer(layer: string, tensors: readonly NamedTensor[]): void;
}

/** Keeps a trainer's weights equal to a checkpoint by fetching only the layers that changed. */
export class WeightsSync {
  readonly #fetchBlob: (sha256: string, signal: AbortSignal) => Promise<Uint8Array>;
  /** What the trainer holds: sha256 by layer. */
  #held = new Map<string, string>();

  constructor(fetchBlob: (sha256: string, signal: AbortSignal) => Promise<Uint8Array>) {
    this.#fetchBlob = fetchBlob;
  }

  /** Forgets what the trainer holds: it is a new one, or its weights are in doubt. */
  forget(): void {
    this.#held.clear();
  }

  /**
   * Brings `target` to `checkpoint`. `report` gets the share of changed bytes that has arrived, in [0, 1].
   * After an abort or an error the layers set so far are remembered, so that the next call goes on from there.
   */
  async sync(
    checkpoint: Checkpoint,
    target: WeightsTarget,
    signal: AbortSignal,
    report: (fraction: number) => void,
  ): Promise<void> {
    const changed = Object.entries(checkpoint.layers).filter(
      ([layer, { sha256 }]) => this.#held.get(layer) !== sha256,
    );
    const total = changed.reduce((bytes, [, blob]) => bytes + blob.bytes, 0);
    let arrived = 0;
    const queue = changed.values();
    const failure = new AbortController();
    const either = AbortSignal.any([signal, failure.signal]);
    const drain = async () => {
      for (const [layer, { sha256, bytes }] of queue) {
        const file = await this.#fetchBlob(sha256, either);
        either.throwIfAborted();
        this.#held.delete(layer);
        target.setLayer(layer, decodeSafetensors(file).tensors);
        this.#held.set(layer, sha256);
        arrived += bytes;
        report(arrived / total);
      }
    };
    const drainOrStop = () => drain().catch((error: unknown) => failure.abort(error));
    await Promise.all(Array.from({ length: parallel }, drainOrStop));
    either.throwIfAborted();
  }
}
