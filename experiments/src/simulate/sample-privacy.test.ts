// @module-tag long
import { deserialize, serialize } from 'node:v8';
import type { ImageDataset } from '@strata/fl-core/data';
import { initialLayer, specOf } from '@strata/fl-core/models/layouts';
import { RunConfig } from '@strata/fl-core/protocol';
import { random } from '@strata/fl-core/random';
import { layoutFor } from '@strata/fl-core/rounds';
import { expect, it } from 'vitest';
import { type Plan, simulationOf } from './config.ts';
import { play, type RoundRow, type SavedPlay } from './play.ts';
import type { Setting } from './worker/messages.ts';
import { DevicePool } from './worker/pool.ts';

/** A simulated run whose clients protect their samples: as a product's, with noise of the seed. */

const config = RunConfig.parse({
  name: 'protected',
  purpose: { kind: 'test', sampling: 1 },
  model: 'vit-nano',
  side: 16,
  data: { kind: 'image' },
  labels: ['a', 'b', 'c'],
  strategy: { name: 'head-only' },
  rounds: 4,
  cohort: { goal: 3, minimum: 3 },
  local: { batchSize: 8, maxBatches: 2, optimizer: { name: 'sgd', learningRate: 0.1 } },
  privacy: { kind: 'sample', epsilon: 4, delta: 1e-3, clip: 1 },
});

function pictures(count: number, seed: string): ImageDataset {
  const { below } = random(seed);
  return {
    kind: 'image',
    side: config.side,
    pixels: Uint8Array.from({ length: count * config.side ** 2 * 3 }, () => below(256)),
    labels: Int32Array.from({ length: count }, (_, i) => i % 3),
  };
}

const none = pictures(0, 'none');
const setting: Setting = {
  config,
  data: { pool: pictures(90, 'pool'), test: pictures(12, 'test'), validation: none, domains: null },
  parts: [0, 1, 2].map((c) => Array.from({ length: 30 }, (_, i) => 30 * c + i)),
};
const layout = layoutFor(config);
const start = layout.layers.flatMap(({ name }) => initialLayer(specOf(config), layout, name, 1));
const { cells } = simulationOf(
  { name: 'x', base: { data: { sample: 'emoji' }, clients: 3, partition: { kind: 'iid' }, run: {} } },
  'x',
);
const plan: Plan = cells[0]!.plan;

async function played(workers: number, saved: SavedPlay | null, stop?: number) {
  const rows: RoundRow[] = [];
  let kept: SavedPlay | null = null;
  const pool = new DevicePool(workers);
  try {
    await pool.set(setting);
    const run = play({
      ...{ plan, setting, start, pool, saved },
      onRound: async (row, state) => {
        rows.push(row);
        kept = deserialize(serialize(state)) as SavedPlay;
        if (row.round === stop) throw new Error('killed');
      },
    });
    if (stop === undefined) expect((await run).kind).toBe('finished');
    else await expect(run).rejects.toThrow('killed');
  } finally {
    await pool.close();
  }
  return { rows, kept };
}

it('spends its promise to the end, and is the same with more threads and after a kill', async () => {
  const { rows } = await played(1, null);
  expect(rows.map((r) => r.trained.length)).toEqual([3, 3, 3, 3]);
  const spent = rows.map((r) => Object.values(r.epsilon ?? {}));
  for (const [i, now] of spent.entries()) {
    expect(now).toHaveLength(3);
    for (const [c, e] of now.entries()) expect(e).toBeGreaterThan(spent[i - 1]?.[c] ?? 0);
  }
  for (const e of spent[3]!) {
    expect(e).toBeLessThanOrEqual(4);
    expect(e).toBeGreaterThan(3.99);
  }
  for (const { summary, test } of rows) {
    expect([summary?.trainLoss, summary?.loss, summary?.accuracy]).toEqual([null, null, null]);
    expect(test?.samples).toBe(12); // the simulation measures what participants do not tell
  }
  expect((await played(2, null)).rows).toEqual(rows);
  const first = await played(1, null, 2);
  expect([...first.rows, ...(await played(1, first.kept)).rows]).toEqual(rows);
}, 300_000);
