import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LayerSpec } from '@strata/fl-core/models/layouts';
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from '@strata/fl-core/protocol';
import { random } from '@strata/fl-core/random';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aggregateLayer } from './aggregate.ts';

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
  return { client, samples, layers, path };
}

describe('aggregateLayer', () => {
  const before = tensors('theta', 1);

  it('R6: is theta plus the weighted mean of those who trained the layer, computed here with exact sums', async () => {
    const contributions = [
      await contribution('a', 3),
      await contribution('b', 10),
      await contribution('c', 7),
      await contribution('not-this-layer', 1000, ['other']),
    ];
    const after = decodeSafetensors(
      await aggregateLayer(layer, encodeSafetensors(before), contributions),
    ).tensors;
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
    const theta = encodeSafetensors(before);
    const one = await aggregateLayer(layer, theta, contributions);
    const other = await aggregateLayer(layer, theta, [...contributions].reverse());
    expect(Buffer.compare(one, other)).toBe(0);
  });

  it('refuses a result that float32 cannot hold', async () => {
    const path = join(folder, 'huge');
    const huge = before.map((t) => ({ ...t, data: new Float32Array(t.data.length).fill(3e38) }));
    await writeFile(path, encodeSafetensors(huge));
    const theta = encodeSafetensors(huge);
    await expect(
      aggregateLayer(layer, theta, [{ client: 'a', samples: 1, layers: ['block'], path }]),
    ).rejects.toMatchObject({ code: 'non-finite' });
  });
});
