import { catalog, initialLayer } from '@strata/fl-core/models/layouts';
import { decodeSafetensors, type UpdateReceipt } from '@strata/fl-core/protocol';
import { deriveSeed } from '@strata/fl-core/random';
import { layoutFor } from '@strata/fl-core/rounds';
import { syntheticDelta } from '@strata/fl-core/rounds/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { honest as honestScript, type Script, silent } from '../testing/client.ts';
import { committed, Gate, gated, startCrew } from '../testing/crew.ts';
import { TestServer, testConfig } from '../testing/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterEach(() => server.dropClients());
afterAll(() => server.close(), 60_000);

const honest = {};
const three = [honest, honest, honest];

describe('an honest run', () => {
  it('R6, R8: the committed layers are theta plus the weighted mean of the updates, computed here again', async () => {
    const { id, config, clients } = await startCrew(server, three, { rounds: 1 });
    const round = await committed(server, id, 1);
    expect(clients.flatMap((c) => c.errors)).toEqual([]);
    expect(round.phase).toBe('committed');
    const layout = layoutFor(config);
    for (const layer of layout.layers) {
      const trainers = round.members.filter((m) => layer.role === 'head' || m.mask?.includes(layer.name));
      const initial = initialLayer(catalog['vit-nano'], layout, layer.name, config.seed);
      const sha256 = round.checkpoint?.layers[layer.name]?.sha256 ?? '';
      const after = decodeSafetensors(await server.store.blobs.read(sha256)).tensors;
      const total = trainers.reduce((n, m) => n + m.samples, 0);
      expect(round.trainedBy[layer.name]).toBe(trainers.length);
      initial.forEach((before, t) => {
        const wanted = Float64Array.from(before.data);
        for (const { client, samples } of trainers) {
          const seed = deriveSeed(config.seed, 'round', 1, 'client', client, 'train');
          const delta = syntheticDelta(config, [layer.name], seed)[t]?.data ?? [];
          for (let k = 0; k < wanted.length; k++) wanted[k]! += (samples / total) * (delta[k] ?? 0);
        }
        expect(after[t]?.name).toBe(before.name);
        const got = after[t]?.data ?? [];
        // Summed in another order than the server does: at most one rounding of float32 apart.
        const off = wanted.filter((w, k) => Math.abs((got[k] ?? 0) - w) > 2 ** -23 * Math.abs(w));
        expect(off).toHaveLength(0);
      });
    }
  });

  it('R6: a layer that nobody trained keeps its hash; masks respect the budget', async () => {
    const { id } = await startCrew(server, three, {
      rounds: 1,
      budget: { kind: 'fixed', unit: 'layers', amount: 1 },
    });
    const before = (await server.view(id)).checkpoint;
    const round = await committed(server, id, 1);
    const untouched = Object.entries(round.trainedBy).filter(([, n]) => n === 0);
    expect(untouched.map(([layer]) => layer)).toContain('embed');
    for (const [layer] of untouched) {
      expect(round.checkpoint?.layers[layer]).toEqual(before.layers[layer]);
    }
    for (const member of round.members) expect(member.mask?.length).toBeLessThanOrEqual(1);
    expect(round.e1).toBeGreaterThanOrEqual(0);
    expect(round.e2).toBeGreaterThanOrEqual(0);
  });

  it('who holds nothing out is not asked to evaluate, and nobody waits for it', async () => {
    const config = testConfig({ rounds: 1 });
    const { id } = await server.createRun(config);
    const clients = ['c1', 'c2', 'c3'].map((name) => server.client({ run: id, id: name, config }));
    await Promise.all(clients.map((c, i) => c.join({ heldOut: i === 0 ? 0 : 4 })));
    await server.command(id, 'start');
    const round = await committed(server, id, 1);
    expect(round.evaluatedSamples).toBe(8);
    expect(clients[0]?.history.map((w) => w.kind)).not.toContain('evaluate');
    expect(round.seconds.evaluating).toBeLessThan(10); // the deadline is at 20
  });

  it('R7, R11: the same seed and the same clients give the same bytes', async () => {
    const hashes = [];
    for (let i = 0; i < 2; i++) {
      const { id } = await startCrew(server, three, { rounds: 1, seed: 77 });
      hashes.push((await committed(server, id, 1)).checkpoint);
      server.dropClients();
    }
    expect(hashes[1]).toEqual(hashes[0]);
  });

  it.each([{ name: 'full' }, { name: 'gradient-norm' }] as const)(
    'runs with strategy $name',
    async (strategy) => {
      const { id, clients } = await startCrew(server, three, { rounds: 1, strategy });
      const round = await committed(server, id, 1);
      const probed = clients.some((c) => c.history.some((w) => w.kind === 'probe'));
      expect(probed).toBe(strategy.name === 'gradient-norm');
      expect(round.members.every((m) => (m.scores !== null) === probed)).toBe(true);
      expect(round.accuracy).toBeCloseTo(0.5, 12);
      expect(round.loss).toBeCloseTo(2, 12);
    },
  );

  it('ends after the configured number of rounds and says so', async () => {
    const { id, clients } = await startCrew(server, three, { rounds: 2 });
    const view = await server.until(id, (v) => v.state === 'finished', 'the end');
    expect(view.committed).toBe(2);
    const over = await clients[0]?.until((w) => w.kind === 'over', 'the end');
    expect(over).toMatchObject({ kind: 'over', state: 'finished', checkpoint: { round: 2 } });
  });
});

describe('the rules of a round', () => {
  it('R1: who comes late waits for the next round, is told so with an estimate, and is in that one', async () => {
    const gate = new Gate();
    const { id, config } = await startCrew(server, [{ train: gated(gate) }, honest, honest], {
      rounds: 2,
      cohort: { goal: 4, minimum: 3, quorum: 0.5 },
    });
    await server.until(id, (v) => v.rounds.at(-1)?.phase === 'training', 'training');
    const late = server.client({ run: id, id: 'late', config });
    const work = await late.join();
    expect(work).toMatchObject({ kind: 'wait', reason: 'next-round', round: 1 });
    expect(work.kind === 'wait' && work.estimateSeconds).toBeGreaterThan(0);
    gate.open();
    const first = await committed(server, id, 1);
    expect(first.members.map((m) => m.client)).toEqual(['c1', 'c2', 'c3']);
    const second = await committed(server, id, 2);
    expect(second.members.map((m) => m.client)).toEqual(['c1', 'c2', 'c3', 'late']);
  });

  it('R2: at the deadline the phase closes with the quorum', async () => {
    const { id } = await startCrew(server, [honest, honest, { train: silent }], {
      rounds: 1,
      deadlines: { probing: 20, training: 1, evaluating: 1 },
    });
    const round = await committed(server, id, 1);
    expect(round.updates).toBe(2);
    expect(round.members.map((m) => m.updateBytes !== null)).toEqual([true, true, false]);
  });

  it('R2: without the quorum the round is abandoned and the model stays; the next round commits', async () => {
    const inSecondRound: Script['train'] = async (client, work) => {
      if (work.round > 1) await honestScript.train(client, work);
    };
    const { id } = await startCrew(server, [{ train: inSecondRound }, { train: inSecondRound }, honest], {
      rounds: 1,
      deadlines: { probing: 20, training: 1, evaluating: 20 },
    });
    const before = (await server.view(id)).checkpoint;
    const view = await server.until(id, (v) => v.rounds[0]?.phase === 'abandoned', 'an abandoned round');
    expect(view.rounds[0]?.reason).toBe('1 of 3 participants answered in training; 2 were needed.');
    expect(view.checkpoint).toEqual(before);
    expect((await committed(server, id, 1)).round).toBe(2);
  });

  it('R3: three clients, two answer and the third leaves: the round goes on at once', async () => {
    const leave: Script['train'] = (client) => client.standing('leave');
    const { id } = await startCrew(server, [honest, honest, { train: leave }], { rounds: 1 });
    const round = await committed(server, id, 1);
    expect(round.updates).toBe(2);
    expect(round.members[2]?.state).toBe('left');
    expect(round.seconds.training).toBeLessThan(10); // the deadline is at 20
  });

  it('R3: a client whose connection is lost for longer than the grace period counts as left', async () => {
    const vanish: Script['train'] = async (client) => client.drop();
    const { id } = await startCrew(server, [honest, honest, { train: vanish }], { rounds: 1 });
    expect((await committed(server, id, 1)).members[2]?.state).toBe('left');
  });

  it('R4: an update counts once, however often it is sent', async () => {
    const receipts: UpdateReceipt[] = [];
    const gate = new Gate();
    const insist: Script['train'] = async (client, work) => {
      const delta = client.delta(work);
      for (let i = 0; i < 3; i++) receipts.push(await client.upload(work.round, delta));
      gate.open();
    };
    const { id } = await startCrew(server, [{ train: insist }, { train: gated(gate) }, honest], {
      rounds: 1,
    });
    const round = await committed(server, id, 1);
    expect(receipts.map((r) => r.duplicate)).toEqual([false, true, true]);
    expect(new Set(receipts.map((r) => r.sha256)).size).toBe(1);
    expect(round.updates).toBe(3);
  });

  it('R9: a client that was away for a while finds its work, and the round goes on with it', async () => {
    let left = false;
    const blink: Script['train'] = async (client, work) => {
      if (left) return honestScript.train(client, work);
      left = true;
      client.drop();
      client.forget(work);
      setTimeout(() => void client.join(), 200);
    };
    const { id } = await startCrew(server, [honest, honest, { train: blink }], { rounds: 1 });
    const round = await committed(server, id, 1);
    expect(round.updates).toBe(3);
  });

  it('R12: everybody leaves in mid-round: the run waits and goes on from its last checkpoint', async () => {
    let gone = false;
    const leaveOnce: Script['train'] = async (client, work) => {
      if (work.round === 2 && !gone) return client.standing('leave');
      await honestScript.train(client, work);
    };
    const { id, clients } = await startCrew(
      server,
      three.map(() => ({ train: leaveOnce })),
      { rounds: 2 },
    );
    const view = await server.until(id, (v) => v.rounds[1]?.phase === 'abandoned', 'an abandoned round');
    expect(view.state).toBe('running');
    expect(view.checkpoint.round).toBe(1);
    gone = true;
    await Promise.all(clients.map((c) => c.hello()));
    const round = await committed(server, id, 2);
    expect(round.round).toBe(3);
    const [, , third] = (await server.view(id)).rounds;
    expect(third?.phase).toBe('committed');
  });

  it('a client that pauses finishes its round and is not sampled until it resumes', async () => {
    const gate = new Gate();
    const pause: Script['train'] = async (client, work) => {
      if (work.round === 1) await client.standing('pause');
      await honestScript.train(client, work);
    };
    const inThirdRound: Script['evaluate'] = async (client, work) => {
      if (work.round === 2) await gate.opened;
      await honestScript.evaluate(client, work);
    };
    const { id, clients } = await startCrew(server, [{ train: pause }, { evaluate: inThirdRound }, honest], {
      rounds: 3,
      cohort: { goal: 3, minimum: 2, quorum: 0.5 },
    });
    const first = await committed(server, id, 1);
    expect(first.members.map((m) => [m.client, m.state])).toContainEqual(['c1', 'evaluated']);
    const [paused] = clients;
    await paused?.until((w) => w.kind === 'wait' && w.reason === 'you-paused', 'its pause');
    await server.until(id, (v) => v.rounds[1]?.phase === 'evaluating', 'the second round');
    await paused?.standing('resume');
    gate.open();
    await committed(server, id, 3);
    const cohorts = await Promise.all([2, 3].map((n) => server.round(id, n)));
    expect(cohorts.map((r) => r.members.some((m) => m.client === 'c1'))).toEqual([false, true]);
  });
});

describe('an operator', () => {
  it('pauses (the open round goes on, no new one opens) and resumes', async () => {
    const gate = new Gate();
    const { id, clients } = await startCrew(server, [{ train: gated(gate) }, honest, honest], { rounds: 2 });
    await server.until(id, (v) => v.rounds.at(-1)?.phase === 'training', 'training');
    await server.command(id, 'pause');
    gate.open();
    await committed(server, id, 1);
    await clients[1]?.until((w) => w.kind === 'wait' && w.reason === 'run-paused', 'the pause');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await server.view(id)).rounds).toHaveLength(1);
    await server.command(id, 'resume');
    await committed(server, id, 2);
  });

  it('stops: the open round is abandoned and everybody is told', async () => {
    const { id, clients } = await startCrew(server, [{ train: silent }, honest, honest]);
    await server.until(id, (v) => v.rounds.at(-1)?.phase === 'training', 'training');
    await server.command(id, 'stop');
    const view = await server.until(id, (v) => v.rounds[0]?.phase === 'abandoned', 'an abandoned round');
    expect(view.rounds[0]?.reason).toContain('stopped');
    for (const client of clients) {
      expect(await client.until((w) => w.kind === 'over', 'the end')).toMatchObject({ state: 'stopped' });
    }
    await expect(server.command(id, 'resume')).rejects.toMatchObject({ code: 'wrong-state' });
  });
});
