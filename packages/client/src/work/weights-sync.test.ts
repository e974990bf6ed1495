import { createHash } from 'node:crypto';
import { type Checkpoint, encodeSafetensors, type NamedTensor } from '@strata/fl-core/protocol';
import { describe, expect, it } from 'vitest';
import { WeightsSync } from './weights-sync.ts';

/** The HTTP side: blobs by hash, and what was asked for. */
class Blobs {
  readonly asked: string[] = [];
  readonly #files = new Map<string, Uint8Array>();

  /** Publishes one-tensor layers with these values as a checkpoint. */
  checkpoint(round: number, values: Record<string, number>): Checkpoint {
    const layers: Checkpoint['layers'] = {};
    for (const [layer, value] of Object.entries(values)) {
      const tensor = { name: `${layer}.w`, shape: [2], data: Float32Array.of(value, value) };
      const file = encodeSafetensors([tensor]);
      const sha256 = createHash('sha256').update(file).digest('hex');
      this.#files.set(sha256, file);
      layers[layer] = { sha256, bytes: file.byteLength };
    }
    return { round, layers };
  }

  lose(sha256: string): void {
    this.#files.delete(sha256);
  }

  readonly fetch = async (sha256: string, signal: AbortSignal): Promise<Uint8Array> => {
    this.asked.push(sha256);
    await new Promise((resolve) => setTimeout(resolve, 1));
    signal.throwIfAborted();
    const file = this.#files.get(sha256);
    if (file === undefined) throw new Error(`no blob ${sha256}`);
    return file;
  };
}

class Target {
  readonly values: Record<string, number> = {};
  setLayer(layer: string, tensors: readonly NamedTensor[]): void {
    this.values[layer] = tensors[0]!.data[0]!;
  }
}

const open = () => new AbortController().signal;
const ignore = () => {};

describe('WeightsSync', () => {
  it('fetches everything once, then only the layers that changed', async () => {
    const blobs = new Blobs();
    const weights = new WeightsSync(blobs.fetch);
    const target = new Target();
    await weights.sync(blobs.checkpoint(0, { a: 1, b: 2, c: 3 }), target, open(), ignore);
    expect(target.values).toEqual({ a: 1, b: 2, c: 3 });

    blobs.asked.length = 0;
    const next = blobs.checkpoint(1, { a: 1, b: 5, c: 3 });
    await weights.sync(next, target, open(), ignore);
    expect(target.values).toEqual({ a: 1, b: 5, c: 3 });
    expect(blobs.asked).toEqual([next.layers.b!.sha256]);
  });

  it('goes back to an earlier checkpoint when a candidate was abandoned', async () => {
    const blobs = new Blobs();
    const weights = new WeightsSync(blobs.fetch);
    const target = new Target();
    const committed = blobs.checkpoint(0, { a: 1 });
    await weights.sync(committed, target, open(), ignore);
    await weights.sync(blobs.checkpoint(1, { a: 9 }), target, open(), ignore);
    await weights.sync(committed, target, open(), ignore);
    expect(target.values).toEqual({ a: 1 });
  });

  it('reports bytes as a share that ends at one', async () => {
    const blobs = new Blobs();
    const shares: number[] = [];
    const checkpoint = blobs.checkpoint(0, { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 });
    await new WeightsSync(blobs.fetch).sync(checkpoint, new Target(), open(), (f) => shares.push(f));
    expect(shares).toEqual([...shares].sort((x, y) => x - y));
    expect(shares.at(-1)).toBe(1);
  });

  it('keeps what arrived before a failure and asks only for the rest', async () => {
    const blobs = new Blobs();
    const weights = new WeightsSync(blobs.fetch);
    const target = new Target();
    const checkpoint = blobs.checkpoint(0, { a: 1, b: 2, c: 3, d: 4, e: 5 });
    const missing = checkpoint.layers.e!.sha256;
    blobs.lose(missing);
    await expect(weights.sync(checkpoint, target, open(), ignore)).rejects.toThrow(`no blob ${missing}`);

    blobs.checkpoint(0, { e: 5 });
    blobs.asked.length = 0;
    await weights.sync(checkpoint, target, open(), ignore);
    expect(target.values).toEqual({ a: 1, b: 2, c: 3, d: 4, e: 5 });
    expect(blobs.asked).toContain(missing);
    expect(blobs.asked.length).toBeLessThan(5);
  });

  it('touches the trainer no more once it was cancelled', async () => {
    const blobs = new Blobs();
    const target = new Target();
    const stop = new AbortController();
    const checkpoint = blobs.checkpoint(0, { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 });
    const sync = new WeightsSync(blobs.fetch).sync(checkpoint, target, stop.signal, () =>
      stop.abort(new Error('the work has changed')),
    );
    await expect(sync).rejects.toThrow('the work has changed');
    const then = { ...target.values };
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(target.values).toEqual(then);
    expect(Object.keys(then)).toHaveLength(1);
  });

  it('fetches everything for a new trainer', async () => {
    const blobs = new Blobs();
    const weights = new WeightsSync(blobs.fetch);
    const checkpoint = blobs.checkpoint(0, { a: 1, b: 2 });
    await weights.sync(checkpoint, new Target(), open(), ignore);
    weights.forget();
    const fresh = new Target();
    await weights.sync(checkpoint, fresh, open(), ignore);
    expect(fresh.values).toEqual({ a: 1, b: 2 });
  });
});
