import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LayerSpec } from '@strata/fl-core/models/layouts';
import { AggregationConfig, encodeSafetensors } from '@strata/fl-core/protocol';
import { random } from '@strata/fl-core/random';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LayerSteps, stepSpooled } from './layer-steps.ts';
import type { SpooledUpdate } from './spooled-layer.ts';

const elements = 220_000; // times five clients: too much for the server's own thread
const layer: LayerSpec = { name: 'block', role: 'block', tensors: [{ name: 'w', shape: [elements] }] };
const blob = (seed: string, scale = 1): Uint8Array => {
  const rng = random(seed);
  const data = Float32Array.from({ length: elements }, () => scale * rng.normal());
  return encodeSafetensors([{ name: 'w', shape: [elements], data }]);
};
const before = blob('theta');

let folder: string;
const updates: SpooledUpdate[] = [];
const steps = new LayerSteps();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strata-steps-'));
  for (const client of ['a', 'b', 'c', 'd', 'e']) {
    const path = join(folder, client);
    await writeFile(path, blob(client, 0.01));
    updates.push({ client, samples: 1, layers: ['block'], path, length: 1, taus: {} });
  }
});
afterAll(async () => {
  await steps.close();
  await rm(folder, { recursive: true, force: true });
});

it('gives the same bytes in a thread, layer after layer, with the optimizer between them', async () => {
  const config = AggregationConfig.parse({
    rule: { name: 'multi-krum', byzantine: 1, keep: 2 },
    optimizer: { name: 'fedadam' },
  });
  const one = await steps.step(config, layer, before, null, updates);
  const two = await steps.step(config, layer, one.weights, one.state, updates);
  const here = await stepSpooled(config, layer, before, null, updates);
  const again = await stepSpooled(config, layer, here.weights, here.state, updates);
  for (const part of ['weights', 'state'] as const) {
    expect(Buffer.compare(one[part]!, here[part]!)).toBe(0);
    expect(Buffer.compare(two[part]!, again[part]!)).toBe(0);
  }
});

it('refuses as it does here, and goes on after it', async () => {
  const krum = AggregationConfig.parse({ rule: { name: 'krum', byzantine: 2 } });
  await expect(steps.step(krum, layer, before, null, updates)).rejects.toMatchObject({
    name: 'StrataError',
    code: 'too-few-clients',
  });
  const median = AggregationConfig.parse({ rule: { name: 'median' } });
  const huge = AggregationConfig.parse({
    rule: { name: 'median' },
    optimizer: { name: 'fedavg', learningRate: 100 },
  });
  const most = encodeSafetensors([
    { name: 'w', shape: [elements], data: new Float32Array(elements).fill(3.4e38) },
  ]);
  const path = join(folder, 'huge');
  await writeFile(path, most);
  const poisoned = updates.map((u) => ({ ...u, path }));
  await expect(steps.step(huge, layer, before, null, poisoned)).rejects.toMatchObject({
    name: 'StrataError',
    code: 'non-finite',
  });
  expect((await steps.step(median, layer, before, null, updates)).state).toBeNull();
});
