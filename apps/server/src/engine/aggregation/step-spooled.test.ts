import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { LayerSpec } from '@strata/fl-core/models/layouts';
import {
  AggregationConfig,
  decodeSafetensors,
  encodeSafetensors,
  type NamedTensor,
} from '@strata/fl-core/protocol';
import { random } from '@strata/fl-core/random';
import { layerNorms, lengthOf } from '@strata/fl-core/rounds';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBlobFolder } from '../../store/blob-folder.ts';
import { stepSpooled } from './layer-steps.ts';
import type { SpooledUpdate } from './spooled-layer.ts';

const layer: LayerSpec = {
  name: 'block',
  role: 'block',
  tensors: [
    { name: 'block.w', shape: [700, 500] }, // 1.4 MB: more than one chunk
    { name: 'block.b', shape: [7] },
  ],
};

function tensors(seed: string, scale: number): NamedTensor[] {
  return layer.tensors.map(({ name, shape }) => {
    const rng = random(seed, name);
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    for (let i = 0; i < data.length; i++) data[i] = scale * rng.normal();
    return { name, shape, data };
  });
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strata-aggregate-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function contribution(client: string, samples: number, layers = ['block']) {
  const path = join(folder, client);
  // Another order than the layout's, and an unaligned header: both are allowed.
  await writeFile(path, encodeSafetensors(tensors(client, 0.01).reverse(), { samples: String(samples) }));
  return { client, samples, layers, path, length: 1, taus: {} };
}

const before = tensors('theta', 1);
const theta = encodeSafetensors(before);
const plain = AggregationConfig.parse({ rule: { name: 'mean' } });

async function stepped(
  updates: readonly SpooledUpdate[],
  config = plain,
  state: Uint8Array | null = null,
  from: Uint8Array = theta,
) {
  const step = await stepSpooled(config, layer, from, state, updates);
  return { ...step, tensors: decodeSafetensors(step.weights).tensors };
}

describe('stepSpooled', () => {
  it('R6: is theta plus the weighted mean of those who trained the layer, computed here with exact sums', async () => {
    const contributions = [
      await contribution('a', 3),
      await contribution('b', 10),
      await contribution('c', 7),
      await contribution('not-this-layer', 1000, ['other']),
    ];
    const { tensors: after, state } = await stepped(contributions);
    expect(state).toBeNull();
    const deltas = ['a', 'b', 'c'].map((c) => tensors(c, 0.01));
    const samples = [3, 10, 7];
    let worst = 0;
    layer.tensors.forEach(({ name, shape }, t) => {
      const got = after.find((x) => x.name === name);
      expect(got?.shape).toEqual(shape);
      const theta = before[t]!.data;
      for (let k = 0; k < theta.length; k++) {
        // Integer weights first, one division last: another order of operations than the server's.
        const sum = deltas.reduce((s, d, i) => s + samples[i]! * d[t]!.data[k]!, 0);
        const wanted = theta[k]! + sum / 20;
        worst = Math.max(worst, Math.abs(got!.data[k]! - wanted) / Math.max(1e-3, Math.abs(wanted)));
      }
    });
    expect(worst).toBeLessThan(2 ** -23); // one rounding to float32
  });

  it('R7: the same updates give the same bytes in any order of arrival', async () => {
    const contributions = await Promise.all([
      contribution('a', 3),
      contribution('b', 10),
      contribution('c', 7),
    ]);
    const one = await stepped(contributions);
    const other = await stepped([...contributions].reverse());
    expect(Buffer.compare(one.weights, other.weights)).toBe(0);
    // What the server made of the same updates before it knew rules and optimizers.
    expect(createHash('sha256').update(one.weights).digest('hex')).toBe(
      '37c97c8a5f8b9ad7a0a8b5ca0bacef4519784d85e6f90046b730be48410905c3',
    );
  });

  it('R7: clips by norms that were measured while updates came as by those it measures in the files', async () => {
    const blobs = await openBlobFolder(join(folder, 'blobs'));
    const config = AggregationConfig.parse({ rule: { name: 'clipped-mean', factor: 1 } });
    const others: NamedTensor = { name: 'other.w', shape: [3, 7], data: new Float32Array(21).fill(0.5) };
    const updates = await Promise.all(
      ['a', 'b', 'c', 'd'].map(async (client, i) => {
        const own = tensors(client, 0.01 * (i + 1));
        // In some files the tensors stand the other way round, and those of another layer between them.
        const file = encodeSafetensors(i % 2 === 0 ? [others, ...own] : [own[1]!, others, own[0]!]);
        const cut = 100_003 + i;
        const pieces = Array.from({ length: Math.ceil(file.length / cut) }, (_, k) =>
          file.subarray(cut * k, cut * (k + 1)),
        );
        const spooled = await blobs.spool(Readable.from(pieces), file.length);
        if (spooled.content.kind === 'refused') throw new Error(spooled.content.body.message);
        const { path, content } = spooled;
        const norms = layerNorms(content, [layer]);
        const exact = Math.sqrt(own.flatMap((t) => [...t.data]).reduce((sum, v) => sum + v * v, 0));
        expect(norms.block).toBeCloseTo(exact, 10);
        expect(lengthOf(content)).toBeCloseTo(Math.sqrt(exact ** 2 + 21 / 4), 10);
        return { client, samples: 1, layers: ['block'], path, length: 1, taus: {}, norms };
      }),
    );
    const known = await stepped(updates, config);
    const measured = await stepped(
      updates.map(({ norms: _, ...u }) => u),
      config,
    );
    expect(Buffer.compare(known.weights, measured.weights)).toBe(0);
    // The norms are what is clipped by: half of c and d is cut off.
    const told = updates.map((u) => ({ ...u, norms: { block: 1 } }));
    expect(Buffer.compare((await stepped(told, config)).weights, known.weights)).not.toBe(0);
  });

  it('refuses a result that float32 cannot hold', async () => {
    const path = join(folder, 'huge');
    const huge = before.map((t) => ({ ...t, data: new Float32Array(t.data.length).fill(3e38) }));
    await writeFile(path, encodeSafetensors(huge));
    const updates = [{ client: 'a', samples: 1, layers: ['block'], path, length: 1, taus: {} }];
    await expect(stepped(updates, plain, null, encodeSafetensors(huge))).rejects.toMatchObject({
      code: 'non-finite',
    });
  });

  it('gives a rule that looks at all updates side by side the right values, across tensors and chunks', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const updates = await Promise.all(names.map((name, i) => contribution(name, i + 1)));
    const config = AggregationConfig.parse({ rule: { name: 'median' } });
    const { tensors: after } = await stepped(updates, config);
    const deltas = names.map((name) => tensors(name, 0.01));
    layer.tensors.forEach(({ name }, t) => {
      const got = after.find((x) => x.name === name)?.data ?? [];
      const wanted = before[t]!.data.map((value, k) => {
        const column = deltas.map((d) => d[t]!.data[k]!).sort((x, y) => x - y);
        return value + (column[1]! + column[2]!) / 2;
      });
      expect(Buffer.compare(Buffer.from(Float32Array.from(got).buffer), Buffer.from(wanted.buffer))).toBe(0);
    });
  });

  it('keeps what an optimizer remembers: two steps of FedAdam from their definition', async () => {
    const config = AggregationConfig.parse({ rule: { name: 'mean' }, optimizer: { name: 'fedadam' } });
    const first = await stepped([await contribution('a', 1)], config);
    const second = await stepped([await contribution('b', 1)], config, first.state, first.weights);
    const [one, two] = [tensors('a', 0.01), tensors('b', 0.01)];
    const [rate, beta1, beta2, tau] = [0.01, 0.9, 0.99, 1e-3];
    let worst = 0;
    layer.tensors.forEach(({ name }, t) => {
      const got = second.tensors.find((x) => x.name === name)?.data ?? [];
      for (let k = 0; k < got.length; k++) {
        let [value, m, v] = [before[t]!.data[k]!, 0, tau * tau];
        for (const delta of [one[t]!.data[k]!, two[t]!.data[k]!]) {
          m = beta1 * m + (1 - beta1) * delta;
          v = beta2 * v + (1 - beta2) * delta * delta;
          value += (rate * m) / (Math.sqrt(v) + tau);
        }
        worst = Math.max(worst, Math.abs(got[k]! - value) / Math.max(0.1, Math.abs(value)));
      }
    });
    expect(worst).toBeLessThan(2 ** -22); // float32 after each step
  });

  it('reads more files than it keeps open', async () => {
    const small: LayerSpec = { name: 'small', role: 'block', tensors: [{ name: 'w', shape: [3] }] };
    const zeros = encodeSafetensors([{ name: 'w', shape: [3], data: new Float32Array(3) }]);
    const updates: SpooledUpdate[] = [];
    for (let i = 1; i <= 300; i++) {
      const path = join(folder, `small-${i}`);
      await writeFile(
        path,
        encodeSafetensors([{ name: 'w', shape: [3], data: new Float32Array(3).fill(i) }]),
      );
      updates.push({ client: `c${i}`, samples: i, layers: ['small'], path, length: 1, taus: {} });
    }
    const { weights } = await stepSpooled(plain, small, zeros, null, updates);
    const mean = (2 * 300 + 1) / 3; // sum of i^2 over sum of i
    expect(decodeSafetensors(weights).tensors[0]?.data).toEqual(new Float32Array(3).fill(mean));
  });
});
