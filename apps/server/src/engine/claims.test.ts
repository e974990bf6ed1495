// @module-tag long
import { initialLayer, selectableLayers, specOf } from '@strata/fl-core/models/layouts';
import { decodeSafetensors, type RoundDetail, type RunConfig } from '@strata/fl-core/protocol';
import { layoutFor } from '@strata/fl-core/rounds';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { honest, type Script } from '../testing/client.ts';
import { committed, startCrew } from '../testing/crew.ts';
import { TestServer, testConfig } from '../testing/server.ts';

/** What one participant that lies about its numbers can do to a round. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterEach(() => server.dropClients());
afterAll(() => server.close(), 60_000);

const most = 1_000_000_000;
const crew = (count: number, liar: Partial<Script>): Partial<Script>[] =>
  Array.from({ length: count }, (_, i) => (i === 0 ? liar : {}));
const notes = async (id: string, kind = 'claims-bounded') =>
  (await server.events(id)).filter((e) => e.kind === kind);

/** Everybody sends zeros, the first client +5 for every value of the head, for as many samples as it says. */
const sending =
  (value: number, samples: number): Script['train'] =>
  async (client, work) => {
    const tensors = client.delta(work).map((t) => ({ ...t, data: t.data.map(() => value) }));
    await client.upload(work.round, tensors, { samples: String(samples), loss: '1' });
  };

/** How far the layer has moved in the first round, the same for each of its values. */
async function moved(config: RunConfig, round: RoundDetail, layer: string): Promise<number> {
  const before = initialLayer(specOf(config), layoutFor(config), layer, config.seed);
  const sha256 = round.checkpoint?.layers[layer]?.sha256 ?? '';
  const after = decodeSafetensors(await server.store.blobs.read(sha256)).tensors;
  const moves = after.flatMap((t, i) => [...t.data].map((x, k) => x - before[i]!.data[k]!));
  const [first = Number.NaN] = moves;
  for (const move of moves) expect(move).toBeCloseTo(first, 4);
  return first;
}

describe('samples', () => {
  const run = async (declared: number, claimed: number, rule: RunConfig['aggregation']['rule']) => {
    const scripts = [sending(5, claimed), sending(0, 10), sending(0, 10)].map((train) => ({ train }));
    const { id, config } = await startCrew(
      server,
      scripts,
      { rounds: 1, strategy: { name: 'head-only' }, aggregation: { rule } },
      [{ samples: declared }, { samples: 10 }, { samples: 10 }],
    );
    const round = await committed(server, id, 1);
    return { id, round, move: await moved(config, round, 'head') };
  };

  it('an update counts for no more than was declared when the round opened, and the log and the row say so', async () => {
    const { id, round, move } = await run(10, most, { name: 'mean' });
    expect(move).toBeCloseTo(5 / 3, 4); // was 5.0000
    expect(round.members.map((m) => m.weight)).toEqual([
      { claimed: most, counted: 10, bound: 'declared' },
      { claimed: 10, counted: 10, bound: null },
      { claimed: 10, counted: 10, bound: null },
    ]);
    const [note, ...more] = await notes(id);
    expect(more).toEqual([]);
    expect(note).toMatchObject({ level: 'warning', round: 1 });
    expect(note?.message).toContain('c1 claims 1000000000 and 10 count, as declared when the round opened');
  });

  it('who declares more counts for twice the median at most', async () => {
    const { id, round, move } = await run(most, most, { name: 'mean' });
    expect(move).toBeCloseTo((5 * 20) / 40, 4);
    expect(round.members[0]?.weight).toEqual({ claimed: most, counted: 20, bound: 'median' });
    expect((await notes(id))[0]).toMatchObject({
      level: 'info',
      message: expect.stringContaining('2 times the median of the cohort'),
    });
  });

  it('norm clipping weighs by what counts, too', async () => {
    const { move } = await run(10, most, { name: 'norm-clipping', norm: 1e6 });
    expect(move).toBeCloseTo(5 / 3, 4);
  });
});

describe('held-out metrics', () => {
  it('a member that declared 4 and claims 1e9 held-out samples counts for 4; the median is beside the mean', async () => {
    const lie: Script['evaluate'] = async (client, { round }) => {
      await client.channel.ask('evaluated', { round, loss: 0, accuracy: 1, samples: most });
      await client.ask();
    };
    const { id } = await startCrew(server, crew(3, { evaluate: lie }), { rounds: 1 });
    const round = await committed(server, id, 1);
    expect(round.accuracy).toBeCloseTo((1 + 0.5 + 0.5) / 3, 12); // was 0.999999996
    expect(round.medianAccuracy).toBe(0.5);
    expect([round.loss, round.medianLoss]).toEqual([(0 + 2 + 2) / 3, 2]);
    expect(round.evaluatedSamples).toBe(12);
    expect(round.members[0]?.evaluationWeight).toEqual({ claimed: most, counted: 4, bound: 'declared' });
    const [note] = await notes(id);
    expect(note?.message).toContain('held-out samples that were claimed count: c1 claims 1000000000 and 4');
  });
});

describe('scores', () => {
  const config = testConfig();
  const layers = selectableLayers(layoutFor(config));
  const [best = '', target = ''] = [layers[0], layers.at(-1)];
  const probing = (scores: (layer: string) => number): Partial<Script> => ({
    probe: (client, { round }) => client.probed(round, Object.fromEntries(layers.map((l) => [l, scores(l)]))),
  });
  const lying = probing((l) => (l === target ? 1e9 : 0));
  const five = [
    lying,
    ...[1, 2, 3, 4].map(() => probing((l) => (l === best ? 0.4 : l === target ? 0.001 : 0.2))),
  ];
  const one = { budget: { kind: 'fixed', amount: 1 }, rounds: 1 } as const;
  const cohort = { goal: 5, minimum: 5, quorum: 1 };

  it.each([0.5, 10])('one of five does not choose the layers of the others, lambda %d', async (lambda) => {
    const { id } = await startCrew(server, five, { ...one, cohort, strategy: { name: 'strata', lambda } });
    const round = await committed(server, id, 1);
    expect(round.members.slice(1).map((m) => m.mask)).toEqual([[best], [best], [best], [best]]);
    expect(round.importance[target]).toBeLessThan(round.importance[best]!);
    expect(round.covered).toBeLessThanOrEqual(1);
  });

  it('raw scores stay possible, and then all five train the layer of the one', async () => {
    const { id } = await startCrew(server, five, {
      ...one,
      cohort,
      strategy: { name: 'strata', lambda: 10 },
      selection: { scores: 'raw' },
    });
    const round = await committed(server, id, 1);
    expect(round.members.map((m) => m.mask)).toEqual(five.map(() => [target]));
  });

  it('huge scores leave no round without diagnostics', async () => {
    const huge = probing(() => Number.MAX_VALUE);
    const { id } = await startCrew(server, [huge, huge, huge], { ...one });
    const round = await committed(server, id, 1);
    expect(round.covered).toBeCloseTo(1 / layers.length, 9);
    expect(Object.values(round.importance).every(Number.isFinite)).toBe(true);
  });

  it.each([{ name: 'median' }, { name: 'trimmed-mean', share: 0.2 }] as const)(
    'a layer that the liar has to itself stays as it was under $name, and the log says why',
    async (rule) => {
      const train = sending(777, 10);
      const { id, config } = await startCrew(server, [{ ...lying, train }, ...five.slice(1)], {
        ...one,
        cohort,
        strategy: { name: 'gradient-norm' },
        aggregation: { rule },
      });
      const round = await committed(server, id, 1);
      expect(round.trainedBy).toMatchObject({ [target]: 1, [best]: 4 });
      expect(await moved(config, round, target)).toBe(0); // was 777
      const [refused, ...more] = await notes(id, 'layer-refused');
      expect(more).toEqual([]);
      expect(refused).toMatchObject({ level: 'warning', round: 1 });
      expect(refused?.message).toContain(`Layer ${target} stays as it was`);
      expect(refused?.message).toContain('needs 2 * 1 + 1 = 3 updates of the layer; there are 1.');
    },
  );
});

it('honest participants are bounded by nothing, and nothing is said', async () => {
  const { id } = await startCrew(server, [honest, honest, honest], { rounds: 1 });
  const round = await committed(server, id, 1);
  expect(round.members.every((m) => m.weight?.bound === null && m.evaluationWeight?.bound === null)).toBe(
    true,
  );
  expect(await notes(id)).toEqual([]);
});
