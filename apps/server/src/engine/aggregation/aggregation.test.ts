// @module-tag long
import { initialLayer, specOf } from '@strata/fl-core/models/layouts';
import {
  type AggregationConfig,
  decodeSafetensors,
  type RoundDetail,
  type RunConfig,
  type RunConfigInput,
} from '@strata/fl-core/protocol';
import { deriveSeed } from '@strata/fl-core/random';
import { layoutFor } from '@strata/fl-core/rounds';
import { syntheticDelta } from '@strata/fl-core/rounds/testing';
import { and, eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { checkpoints } from '../../store/schema.ts';
import type { Script } from '../../testing/client.ts';
import { committed, Gate, gated, startCrew } from '../../testing/crew.ts';
import { TestServer } from '../../testing/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterEach(() => server.dropClients());
afterAll(() => server.close(), 60_000);

const crew = (count: number) => Array.from({ length: count }, () => ({}));

/** All values of a layer, in the layout's order. */
type Flat = readonly number[];
const flat = (tensors: readonly { data: Float32Array }[]): Flat => tensors.flatMap((t) => [...t.data]);

async function weightsOf(round: RoundDetail, layer: string): Promise<Flat> {
  const sha256 = round.checkpoint?.layers[layer]?.sha256 ?? '';
  return flat(decodeSafetensors(await server.store.blobs.read(sha256)).tensors);
}

const initialWeights = (config: RunConfig, layer: string): Flat =>
  flat(initialLayer(specOf(config), layoutFor(config), layer, config.seed));

/** What each client that trained the layer sent, made again from its seed, in client order. */
function deltasOf(config: RunConfig, round: RoundDetail, layer: string) {
  return round.members
    .filter((m) => layer === 'head' || m.mask?.includes(layer))
    .map(({ client, samples }) => {
      const seed = deriveSeed(config.seed, 'round', round.round, 'client', client, 'train');
      return { samples, delta: flat(syntheticDelta(config, [layer], seed)) };
    });
}

type Deltas = ReturnType<typeof deltasOf>;
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const columns = (deltas: Deltas, of: (column: number[]) => number): Flat =>
  deltas[0]!.delta.map((_, k) => of(deltas.map((d) => d.delta[k]!)));
const mean = (deltas: Deltas): Flat => {
  const total = sum(deltas.map((d) => d.samples));
  return columns(deltas, (column) => sum(column.map((x, i) => deltas[i]!.samples * x)) / total);
};
const squaredDistance = (x: Flat, y: Flat) => sum(x.map((v, k) => (v - y[k]!) ** 2));

/** Blanchard et al.: the updates by the sum of squared distances to their n - f - 2 nearest others. */
function byKrum(deltas: Deltas, byzantine: number): Deltas {
  const scored = deltas.map((one) => {
    const others = deltas.filter((d) => d !== one).map((d) => squaredDistance(one.delta, d.delta));
    const nearest = others.sort((a, b) => a - b).slice(0, deltas.length - byzantine - 2);
    return { one, score: sum(nearest) };
  });
  return scored.sort((a, b) => a.score - b.score).map((s) => s.one);
}

const alike = (deltas: Deltas): Deltas => deltas.map((d) => ({ ...d, samples: 1 }));

function expectClose(got: Flat, wanted: Flat): void {
  expect(got).toHaveLength(wanted.length);
  const worst = Math.max(
    ...got.map((x, k) => Math.abs(x - wanted[k]!) / Math.max(0.1, Math.abs(wanted[k]!))),
  );
  expect(worst).toBeLessThan(2 ** -22); // one rounding to float32 a round
}

const rules: readonly [AggregationConfig['rule'], (deltas: Deltas) => Flat][] = [
  [{ name: 'mean' }, mean],
  [{ name: 'median', byzantine: 1 }, (d) => columns(d, (c) => c.sort((a, b) => a - b)[2]!)],
  [
    { name: 'trimmed-mean', share: 0.2, byzantine: 1 },
    (d) => columns(d, (c) => sum(c.sort((a, b) => a - b).slice(1, 4)) / 3),
  ],
  [
    { name: 'norm-clipping', norm: 0.02 },
    (deltas) =>
      mean(
        deltas.map(({ samples, delta }) => {
          const norm = Math.sqrt(sum(delta.map((x) => x * x)));
          expect(norm).toBeGreaterThan(0.02);
          return { samples, delta: delta.map((x) => (x * 0.02) / norm) };
        }),
      ),
  ],
  [{ name: 'krum', byzantine: 1 }, (d) => byKrum(d, 1)[0]!.delta],
  [{ name: 'multi-krum', byzantine: 1, keep: 3 }, (d) => mean(alike(byKrum(d, 1).slice(0, 3)))],
];

describe('robust rules in a real run', () => {
  it.each(rules)('$name', async (rule, expected) => {
    const { id, config, clients } = await startCrew(server, crew(5), {
      rounds: 1,
      strategy: { name: 'bottom' },
      budget: { kind: 'fixed', amount: 1 },
      cohort: { goal: 5, minimum: 5, quorum: 1 },
      aggregation: { rule },
    });
    const round = await committed(server, id, 1);
    expect(clients.flatMap((c) => c.errors)).toEqual([]);
    for (const layer of ['blocks.0', 'head']) {
      const change = expected(deltasOf(config, round, layer));
      const wanted = initialWeights(config, layer).map((x, k) => x + change[k]!);
      expectClose(await weightsOf(round, layer), wanted);
    }
  });

  it('what float32 cannot hold is not made: the round is abandoned and says why', async () => {
    const huge: Script['train'] = async (client, work) => {
      const delta = client.delta(work).map((t) => ({ ...t, data: t.data.map(() => 1e38) }));
      await client.upload(work.round, delta);
    };
    const { id } = await startCrew(
      server,
      crew(3).map(() => ({ train: huge })),
      { aggregation: { optimizer: { name: 'fedavg', learningRate: 10 } } },
    );
    const before = (await server.view(id)).checkpoint;
    const view = await server.until(id, (v) => v.rounds[0]?.phase === 'abandoned', 'an abandoned round');
    expect(view.rounds[0]?.reason).toMatch(
      /^aggregating failed: The aggregated layer \S+ exceeds float32\.$/,
    );
    expect(view.checkpoint).toEqual(before);
    await server.command(id, 'stop');
  });

  it('a layer that too few trained for Krum stays as it was, the log says why, and the round goes on', async () => {
    const { id } = await startCrew(
      server,
      crew(5),
      {
        rounds: 1,
        strategy: { name: 'bottom' },
        budget: { kind: 'participant', fallback: 1 },
        cohort: { goal: 5, minimum: 5, quorum: 1 },
        aggregation: { rule: { name: 'krum', byzantine: 1 } },
      },
      [{ budget: 2 }],
    );
    const before = (await server.view(id)).checkpoint;
    const round = await committed(server, id, 1);
    expect(round.trainedBy).toMatchObject({ 'blocks.0': 5, 'blocks.1': 1, head: 5 });
    expect(round.checkpoint?.layers['blocks.1']).toEqual(before.layers['blocks.1']);
    for (const moved of ['blocks.0', 'head']) {
      expect(round.checkpoint?.layers[moved]).not.toEqual(before.layers[moved]);
    }
    const refused = (await server.events(id)).filter((e) => e.kind === 'layer-refused');
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatchObject({ level: 'warning', round: 1 });
    expect(refused[0]?.message).toContain('Layer blocks.1 stays as it was: Krum against 1 Byzantine');
    expect(refused[0]?.message).toContain('= 5 updates of the layer; there are 1.');
  });
});

interface Moments {
  x: number;
  m: number;
  v: number;
}
const [rate, beta1, beta2, tau] = [0.01, 0.9, 0.99, 1e-3];
const adaptive = (second: (v: number, square: number) => number) => (s: Moments, d: number) => {
  s.m = beta1 * s.m + (1 - beta1) * d;
  s.v = second(s.v, d * d);
  s.x += (rate * s.m) / (Math.sqrt(s.v) + tau);
};
/** Reddi et al., Algorithm 2, and Hsu et al. for FedAvgM. */
const optimizers: readonly [
  NonNullable<RunConfigInput['aggregation']>['optimizer'],
  (s: Moments, d: number) => void,
][] = [
  [
    { name: 'fedavg', learningRate: 0.5 },
    (s, d) => {
      s.x += 0.5 * d;
    },
  ],
  [
    { name: 'fedavgm', learningRate: 1, momentum: 0.9 },
    (s, d) => {
      s.m = 0.9 * s.m + d;
      s.x += s.m;
    },
  ],
  [{ name: 'fedadagrad' }, adaptive((v, square) => v + square)],
  [{ name: 'fedadam' }, adaptive((v, square) => beta2 * v + (1 - beta2) * square)],
  [{ name: 'fedyogi' }, adaptive((v, square) => v - (1 - beta2) * square * Math.sign(v - square))],
];

describe('server optimizers in a real run', () => {
  it.each(optimizers)('$name, two rounds', async (optimizer, step) => {
    // Round-robin: each block is trained in one of the rounds and keeps its state through the other.
    const { id, config, clients } = await startCrew(server, crew(3), {
      rounds: 2,
      strategy: { name: 'round-robin' },
      budget: { kind: 'fixed', amount: 1 },
      aggregation: { optimizer },
    });
    await server.until(id, (v) => v.state === 'finished', 'the end');
    expect(clients.flatMap((c) => c.errors)).toEqual([]);
    const rounds = [await server.round(id, 1), await server.round(id, 2)];
    for (const layer of ['blocks.0', 'blocks.1', 'head']) {
      const state = initialWeights(config, layer).map((x): Moments => ({ x, m: 0, v: tau * tau }));
      for (const round of rounds) {
        const deltas = deltasOf(config, round, layer);
        if (deltas.length === 0) continue;
        for (const [k, d] of mean(deltas).entries()) step(state[k]!, d);
      }
      const wanted = state.map((s) => s.x);
      expectClose(await weightsOf(rounds[1]!, layer), wanted);
    }
    const rows = await server.store.db.select().from(checkpoints).where(eq(checkpoints.run, id));
    const states = rows.sort((a, b) => a.round - b.round).map((r) => r.optimizer);
    if (config.aggregation.optimizer.name === 'fedavg') {
      expect(states).toEqual([null, null, null]);
      return;
    }
    expect(states[0]).toBeNull();
    expect(Object.keys(states[1] ?? {}).sort()).toEqual(['blocks.0', 'head']);
    expect(Object.keys(states[2] ?? {}).sort()).toEqual(['blocks.0', 'blocks.1', 'head']);
    expect(states[2]?.['blocks.0']).toEqual(states[1]?.['blocks.0']);
    expect(states[2]?.head).not.toEqual(states[1]?.head);
  });

  it('interrupted in the middle of a layer: the result is the same', async () => {
    const run = async (interrupt: () => void) => {
      const gate = new Gate();
      const { id } = await startCrew(server, [{ train: gated(gate) }, {}, {}], {
        rounds: 1,
        seed: 6,
        strategy: { name: 'full' },
        aggregation: { optimizer: { name: 'fedyogi' } },
      });
      await server.until(id, (v) => v.rounds[0]?.phase === 'training', 'training');
      interrupt();
      gate.open();
      const { checkpoint } = await committed(server, id, 1);
      server.dropClients();
      const [row] = await server.store.db
        .select()
        .from(checkpoints)
        .where(and(eq(checkpoints.run, id), eq(checkpoints.round, 1)));
      return { checkpoint, optimizer: row?.optimizer };
    };
    const { blobs } = server.store;
    const puts = vi.spyOn(blobs, 'put');
    const smooth = await run(() => puts.mockClear());
    const all = puts.mock.calls.length; // weights and state of every block and of the head
    let calls = 0;
    const put = blobs.put.bind(blobs);
    puts.mockRestore();
    const failing = vi.spyOn(blobs, 'put');
    const interrupted = await run(() => {
      failing.mockImplementation((bytes) => {
        calls += 1;
        // After a layer's weights, before its state.
        return calls === 4 ? Promise.reject(new Error('the disk was full for a moment')) : put(bytes);
      });
    });
    failing.mockRestore();
    expect(interrupted).toEqual(smooth);
    // What was made at once with the layer that was cut off is made again.
    expect(calls).toBeGreaterThan(all);
    expect(calls).toBeLessThanOrEqual(2 * all);
  });

  it('states of old checkpoints go with them', async () => {
    const { id } = await startCrew(server, crew(3), {
      rounds: 5,
      seed: 5, // no other run here has the same states
      strategy: { name: 'full' },
      aggregation: { optimizer: { name: 'fedavgm' } },
    });
    await server.until(id, (v) => v.state === 'finished', 'the end');
    const rows = await server.store.db.select().from(checkpoints).where(eq(checkpoints.run, id));
    const has = async (round: number) => {
      const hashes = Object.values(rows.find((r) => r.round === round)?.optimizer ?? {}).map((b) => b.sha256);
      expect(hashes.length).toBeGreaterThan(1);
      return Promise.all(hashes.map((hash) => server.store.blobs.has(hash)));
    };
    await expect.poll(async () => (await has(2)).includes(true), { timeout: 5000 }).toBe(false);
    for (const kept of [3, 4, 5]) expect((await has(kept)).includes(false)).toBe(false);
  });
});
