import { decodeSafetensors, encodeSafetensors } from '@strata/fl-core/protocol';
import { layoutFor } from '@strata/fl-core/rounds';
import { describe, expect, it } from 'vitest';
import { config, planOf, played } from '../testing.ts';
import { checkBuffered } from './check.ts';
import { commit } from './commit.ts';
import { playBuffered } from './play.ts';

const buffered = { updates: 3, atWork: 5, staleness: 10 };

function blobsOf() {
  const files = new Map<string, Uint8Array>();
  return {
    read: (sha256: string) => files.get(sha256)!,
    write: async (bytes: Uint8Array) => {
      const sha256 = `${files.size}`;
      files.set(sha256, bytes);
      return { sha256, bytes: bytes.byteLength };
    },
  };
}

describe('a full buffer', () => {
  it('moves each layer by sum d s delta / sum d, by hand', async () => {
    const asked = config();
    const layout = layoutFor(asked);
    const head = layout.layers.find((l) => l.role === 'head')!;
    const blobs = blobsOf();
    const layers: Record<string, { sha256: string; bytes: number }> = {};
    for (const { name, tensors } of layout.layers) {
      const zeros = tensors.map((t) => ({
        ...t,
        data: new Float32Array(t.shape.reduce((a, b) => a * b, 1)),
      }));
      layers[name] = await blobs.write(encodeSafetensors(zeros));
    }
    const update = async (value: number) => {
      const tensors = head.tensors.map((t) => ({
        ...t,
        data: new Float32Array(t.shape.reduce((a, b) => a * b, 1)).fill(value),
      }));
      return (await blobs.write(encodeSafetensors(tensors))).sha256;
    };
    // The head was changed three times since b's copy: weights 10 and 30 / 2, over 40: (10 * 1 + 15 * 4) / 40.
    const models = [0, 1, 2, 3].map((round) => {
      const known = round === 3 ? layers : { ...layers, [head.name]: { sha256: `older ${round}`, bytes: 0 } };
      return { round, layers: known, optimizer: null };
    });
    const arrivals = [
      { client: 'b', samples: 30, layers: [head.name], update: await update(4), since: 0 },
      { client: 'a', samples: 10, layers: [head.name], update: await update(1), since: 3 },
    ];
    const made = await commit(asked, models, arrivals, blobs);
    const values = decodeSafetensors(blobs.read(made.layers[head.name]!.sha256)).tensors.map((t) => t.data);
    for (const data of values) for (const value of data) expect(value).toBe(1.75);
    // What nobody trained keeps its blob.
    for (const { name } of layout.layers)
      if (name !== head.name) expect(made.layers[name]).toBe(layers[name]);
  });
});

describe('a buffered run', () => {
  it('commits every K updates, keeps so many at work, and plays again to the same bytes whatever the threads do', async () => {
    const asked = config();
    const first = played(playBuffered, asked, planOf({ buffered }));
    expect((await first.end()).kind).toBe('finished');
    expect(first.rows).toHaveLength(12);
    for (const { round, trained, buffer } of first.rows) {
      expect(new Set(trained).size).toBe(3);
      for (const since of buffer!.versions) {
        expect(since).toBeLessThan(round);
        expect(since).toBeGreaterThanOrEqual(0);
      }
    }
    const seconds = first.rows.map((row) => row.seconds);
    expect(seconds).toEqual([...seconds].sort((a, b) => a - b));
    // Some are slower than others: not every update is of the newest model.
    expect(first.rows.some(({ round, buffer }) => buffer!.versions.some((v) => v < round - 1))).toBe(true);
    expect(first.rows.some(({ trained }) => trained.join() !== [...trained].sort().join())).toBe(true);
    let n = 0;
    const pause = () => new Promise((resolve) => setTimeout(resolve, (n++ * 7) % 3));
    const again = played(playBuffered, asked, planOf({ buffered }), pause);
    await again.end();
    expect(again.rows).toEqual(first.rows);
  });

  it('drops what is too old, and is not held up by devices that are gone', async () => {
    const asked = config({ rounds: 30 });
    const strict = played(playBuffered, asked, planOf({ buffered: { updates: 1, atWork: 8, staleness: 2 } }));
    await strict.end();
    expect(strict.rows.reduce((sum, { buffer }) => sum + buffer!.dropped, 0)).toBeGreaterThan(0);
    for (const { round, buffer } of strict.rows)
      expect(round - 1 - buffer!.versions[0]!).toBeLessThanOrEqual(2);
    const leaky = played(playBuffered, asked, planOf({ buffered, devices: { speedSigma: 1, dropOut: 0.5 } }));
    expect((await leaky.end()).kind).toBe('finished');
    const gone = played(playBuffered, asked, planOf({ buffered, devices: { dropOut: 1 } }));
    expect((await gone.end()).kind).toBe('diverged');
  });

  it.each([
    ['a buffer that never fills', { buffered: { updates: 6, atWork: 5 } }, {}, 'never fills'],
    ['a strategy that probes', {}, { strategy: { name: 'strata', lambda: 1 } }, 'asks for a probe'],
    ['more at work than there are', { buffered: { updates: 3, atWork: 9 } }, {}, 'of 8 clients'],
    ['ranks', {}, { aggregation: { rule: { name: 'median' } } }, 'counts clients alike'],
    ['a time box', {}, { local: { timeBox: 5 } }, 'no end of training'],
    ['sealing', {}, { aggregation: { sealing: { kind: 'sealed', samples: 10 } } }, 'do not cancel'],
  ])('is refused with %s', (_, plan, run, words) => {
    expect(() => checkBuffered(planOf({ buffered, ...plan }), config(run))).toThrow(words);
    expect(() => checkBuffered(planOf({ buffered }), config())).not.toThrow();
    const timing = { kind: 'buffered', atWork: 5 };
    expect(() => checkBuffered(planOf(), config({ cohort: { timing } }))).toThrow('say `buffered`');
  });
});
