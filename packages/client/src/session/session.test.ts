import type { ErrorBody, ErrorCode, RunPublic } from '@strata/fl-core/protocol';
import { chooseBackend } from '@strata/fl-core/training';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { blocks, config, head, layout, World, wait } from './testing/session-world.ts';

const ended: RunPublic = {
  id: 'run-1',
  name: config.name,
  description: '',
  model: 'ViT nano',
  data: config.data,
  task: config.task,
  labels: config.labels,
  strategy: 'full',
  budget: config.budget,
  purpose: config.purpose,
  approval: config.approval,
  privacy: config.privacy,
  sealing: config.aggregation.sealing,
  cohort: { minimum: 3, goal: 3 },
  local: { batchSize: 4, epochs: 6, warmUp: { kind: 'trained', rounds: 0, epochs: 5 } },
  state: 'finished',
  rounds: 4,
  committed: 4,
  phase: null,
  clients: 1,
  accuracy: 0.36,
  roundSeconds: null,
};

const refusal = (code: ErrorCode): ErrorBody => ({ code, message: `refused: ${code}`, hint: 'try this' });
describe('Session', () => {
  let world: World;
  beforeAll(async () => {
    await chooseBackend({ force: 'cpu' });
  });
  beforeEach(async () => {
    world = new World();
    await world.start();
    await world.until((s) => s.phase.kind === 'waiting');
  });
  afterEach(() => world.stop());

  it('in a time-boxed round stops when it is told and sends the steps that it has done', async () => {
    const { server } = world;
    const work = world.train();
    if (work.kind !== 'train') throw new Error(work.kind);
    server.push({ ...work, box: { stopMs: 60_000, closes: 90_000 } });
    await world.until(({ phase }) => phase.kind === 'training' && phase.fraction > 0.1);
    // The goal is reached: training closes earlier than was told.
    server.push({ ...work, box: { stopMs: 0, closes: 40_000 } });
    await world.received(1);
    const [{ metadata, tensors } = { metadata: null, tensors: [] }] = server.received.updates;
    // 12 samples by 4, 6 epochs.
    expect(metadata?.steps).toBeGreaterThanOrEqual(1);
    expect(metadata?.steps).toBeLessThan(18);
    expect(tensors.some((t) => t.data.some((v) => v !== 0))).toBe(true);
    expect(world.snapshot.notice).toBeNull();
  });

  it('R9: does a whole round as its work says, and ends with the run', async () => {
    const { server } = world;
    const next = {
      probed: world.train(),
      update: world.evaluate(),
      evaluated: { kind: 'over', state: 'finished', checkpoint: world.checkpoint, message: 'done' } as const,
    };
    server.onMessage = (kind) => {
      if (kind === 'probed' || kind === 'update' || kind === 'evaluated') server.work = next[kind];
    };
    server.push(world.probe());
    await world.until((s) => s.phase.kind === 'over');

    const { hello, probed, updates, evaluated } = server.received;
    expect(hello[0]).toMatchObject({ name: 'Ada', samples: 12, heldOut: 6 });
    expect(Object.keys(probed[0]!.scores).sort()).toEqual([...blocks].sort());
    expect(probed[0]).toMatchObject({ round: 1, samples: 12 });
    const trained = layout.layers.filter((l) => [blocks[2], ...head].includes(l.name));
    expect(updates).toHaveLength(1);
    expect(updates[0]!.tensors.map((t) => t.name).sort()).toEqual(
      trained.flatMap((l) => l.tensors.map((t) => t.name)).sort(),
    );
    expect(updates[0]!.tensors.some((t) => t.data.some((v) => v !== 0))).toBe(true);
    expect(updates[0]!.metadata.samples).toBe(12);
    expect(updates[0]!.authorization).toBe(`Bearer ${world.identity.client}.${world.identity.secret}`);
    expect(evaluated[0]).toMatchObject({ round: 1, samples: 6 });
    expect(world.snapshot).toMatchObject({
      roundsDone: 1,
      mask: [blocks[2]],
      notice: null,
      connected: false,
    });
    expect(world.snapshot.scores).toEqual(probed[0]!.scores);
    expect(world.snapshot.losses).toEqual([{ round: 1, loss: updates[0]!.metadata.loss }]);
    expect(world.seen).toEqual(
      expect.arrayContaining([
        'connecting',
        'waiting',
        'probing',
        'training',
        'sending',
        'evaluating',
        'over',
      ]),
    );
  });

  it('shows the run as it ended, though the last view of it was never pushed', async () => {
    const { server } = world;
    server.view = ended;
    server.push({ kind: 'over', state: 'finished', checkpoint: world.checkpoint, message: 'done' });
    await world.until((s) => s.phase.kind === 'over' && s.run !== null);
    expect(world.snapshot.run).toEqual(ended);
  });

  it('brings the times of a step and the steps of a round when its work asks for them', async () => {
    const { server } = world;
    server.onMessage = (kind) => {
      if (kind === 'probed') server.work = wait('others');
    };
    server.push(world.probe());
    await vi.waitUntil(() => server.received.probed.length === 1, { timeout: 20_000 });
    expect(server.received.probed[0]).not.toHaveProperty('times');
    server.push(world.probe(2, true));
    await vi.waitUntil(() => server.received.probed.length === 2, { timeout: 20_000 });
    const { times, steps } = server.received.probed[1]!;
    expect(Object.keys(times!.passing).sort()).toEqual([...blocks].sort());
    expect(Object.keys(times!.training).sort()).toEqual([...blocks].sort());
    expect(times!.base).toBeGreaterThan(0);
    expect(steps).toBe(6 * 3); // 6 epochs over 12 samples in batches of 4
  });

  it('says when the device ran out of memory and goes on with fewer samples', async () => {
    const { server, trainers } = world;
    const trainer = await trainers.trainer();
    const train = trainer.train.bind(trainer);
    trainer.train = async function* (data, options) {
      yield { fraction: 0, microBatch: { from: 4, to: 2 } };
      return yield* train(data, options);
    };
    server.onMessage = (kind) => {
      if (kind === 'update') server.work = wait('others');
    };
    server.push(world.train());
    await world.until((s) => s.notice !== null);
    expect(world.snapshot.notice).toMatchObject({
      code: 'too-large',
      hint: expect.stringContaining('2 at a time'),
    });
    await world.until((s) => s.roundsDone === 1 && s.notice === null);
  });

  it('fetches each layer once, however many works use it', async () => {
    const { server } = world;
    server.onMessage = (kind) => {
      if (kind === 'probed') server.work = world.train();
      if (kind === 'update') server.work = wait('others');
    };
    server.push(world.probe());
    await world.until((s) => s.phase.kind === 'waiting' && s.roundsDone === 1);
    expect([...server.received.blobs].sort()).toEqual(
      Object.values(world.checkpoint.layers)
        .map((l) => l.sha256)
        .sort(),
    );
    expect(world.snapshot.bytesDown).toBe(
      Object.values(world.checkpoint.layers).reduce((sum, l) => sum + l.bytes, 0),
    );
  });

  it('R4: sends the same bytes again when nobody acknowledged them', async () => {
    const { server } = world;
    server.refusals.update = [refusal('unavailable'), refusal('rate-limited')];
    server.onMessage = (kind) => {
      if (kind === 'update' && server.refusals.update?.length === 0) server.work = wait('others');
    };
    server.push(world.train());
    await world.received(3);
    await world.until((s) => s.phase.kind === 'waiting');
    expect(new Set(server.received.updates.map((u) => u.sha256)).size).toBe(1);
    expect(world.snapshot).toMatchObject({ roundsDone: 1, notice: null });
  });

  it('goes on training through a server restart when the work is the same', async () => {
    const { server } = world;
    server.onMessage = (kind) => {
      if (kind === 'update') server.work = wait('others');
    };
    server.push(world.train());
    await world.until((s) => s.phase.kind === 'training');
    const fetched = server.received.blobs.length;
    await server.stop();
    await world.until((s) => !s.connected);
    await server.start();
    await world.until((s) => s.phase.kind === 'waiting' && s.roundsDone === 1);
    expect(server.received.hello).toHaveLength(2);
    expect(server.received.updates).toHaveLength(1);
    expect(server.received.blobs).toHaveLength(fetched);
    expect(world.seen.filter((phase) => phase === 'training')).toHaveLength(1);
  });

  it('shows losses as they come to its own person, and tells the server none of them in a sealed run', async () => {
    world.stop();
    const sealing = { kind: 'sealed', atLeast: 5, samples: 100, seconds: 60 } as const;
    world = new World(() => null, { aggregation: { ...config.aggregation, sealing } });
    await world.start();
    const { server } = world;
    server.onMessage = (kind) => {
      if (kind === 'update') server.work = wait('others');
    };
    await world.until((s) => s.phase.kind === 'waiting');
    server.push(world.train([blocks[0]!]));
    await world.received(1);
    await world.until((s) => s.phase.kind === 'waiting');
    expect(world.snapshot.curve.length).toBeGreaterThan(0);
    expect(server.received.progress.map((p) => p.activity)).toContain('training');
    expect(server.received.progress.filter((p) => p.loss !== undefined)).toEqual([]);
  });

  it.each([
    ['noised', { kind: 'noised', share: 0.1 }],
    ['withheld', { kind: 'withheld' }],
  ] as const)('tells no losses, and accuracies as the run has it: %s', async (kind, figures) => {
    world.stop();
    const privacy = {
      kind: 'client',
      ...{ epsilon: 8, delta: 1e-3, clip: 1, quantile: null, noise: null, sampling: null },
      figures,
    } as const;
    world = new World(() => null, { privacy });
    await world.start();
    const { server } = world;
    server.onMessage = () => {
      server.work = wait('others');
    };
    await world.until((s) => s.phase.kind === 'waiting');
    server.push(world.train([blocks[0]!]));
    await world.received(1);
    await world.until((s) => s.phase.kind === 'waiting');
    server.push(world.evaluate(1));
    await world.until(() => server.received.evaluated.length === 1);
    expect(server.received.updates[0]?.metadata).toEqual({ samples: 12 });
    const [answer] = server.received.evaluated;
    expect(answer?.loss).toBe(0);
    // Asked all the same, who withholds says nothing.
    expect(answer?.samples).toBe(kind === 'noised' ? 6 : 0);
    expect(world.snapshot.accuracies).toEqual(
      kind === 'noised' ? [{ round: 1, accuracy: answer?.accuracy }] : [],
    );
    expect(server.received.progress.filter((p) => p.loss !== undefined)).toEqual([]);
  });

  it('drops work that was overtaken, and does what there is to do now', async () => {
    const { server } = world;
    server.onMessage = (kind) => {
      if (kind === 'update') server.work = wait('others', 2);
    };
    server.push(world.train([blocks[0]!], 1));
    await world.until((s) => s.phase.kind === 'training' && s.phase.round === 1);
    server.push(world.train([blocks[3]!], 2));
    await world.received(1);
    expect(server.received.updates.map((u) => u.round)).toEqual([2]);
    await world.until((s) => s.roundsDone === 1);
    expect(world.snapshot.mask).toEqual([blocks[3]]);
  });

  it('counts an update whose acknowledgement comes after the work has changed', async () => {
    const { server } = world;
    server.onMessage = (kind) => {
      if (kind === 'update') server.push(wait('others'));
    };
    server.receiptDelayMs = 200;
    server.push(world.train());
    await world.until((s) => s.roundsDone === 1);
    await world.until((s) => s.phase.kind === 'waiting');
    expect(server.received.updates).toHaveLength(1);
  });

  it('R5: makes a refused update anew, then leaves rather than keep the others waiting', async () => {
    const { server } = world;
    server.refusals.update = Array.from({ length: 9 }, () => refusal('wrong-tensor'));
    server.push(world.train());
    await world.until((s) => s.phase.kind === 'failed');
    expect(world.snapshot.phase).toEqual({ kind: 'failed', error: refusal('wrong-tensor') });
    expect(server.received.updates).toHaveLength(3);
    expect(server.received.standing).toEqual(['leave']);
  });

  it('asks for new work when the round has moved on without it', async () => {
    const { server } = world;
    server.refusals.update = [refusal('wrong-phase')];
    server.onMessage = (kind) => {
      if (kind === 'update') server.work = wait('next-round', 1);
    };
    server.push(world.train());
    await world.until((s) => s.phase.kind === 'waiting' && s.phase.reason === 'next-round');
    expect(world.snapshot).toMatchObject({ roundsDone: 0, notice: null });
  });

  it('stops for good when the server does not know the run', async () => {
    const { server } = world;
    server.refusals.hello = [refusal('unknown-run')];
    await server.stop();
    await server.start();
    await world.until((s) => s.phase.kind === 'failed');
    expect(world.snapshot.phase).toMatchObject({ error: { code: 'unknown-run', hint: 'try this' } });
  });

  it('makes everything anew when the trainer itself fails', async () => {
    const { server, trainers } = world;
    server.onMessage = (kind) => {
      if (kind === 'update') server.work = wait('others');
    };
    const trainer = await trainers.trainer();
    const broken = vi.spyOn(trainer, 'setLayer').mockImplementation(() => {
      throw new Error('GPU device was lost');
    });
    server.push(world.train());
    await world.until((s) => s.roundsDone === 1);
    expect(broken).toHaveBeenCalled();
    expect(trainers.rebuilt).toBe(1);
    expect(world.snapshot.notice).toBeNull();
  });

  it('tells a damaged download from a good one', async () => {
    const { server } = world;
    server.damage(world.checkpoint.layers[blocks[0]!]!.sha256);
    server.push(world.train());
    await world.until((s) => s.notice !== null);
    expect(world.snapshot.notice?.message).toContain('damaged');
    expect(server.received.updates).toHaveLength(0);
  });

  it('C6: pause now keeps the place, resume goes on from there', async () => {
    const { server } = world;
    server.onMessage = (kind) => {
      if (kind === 'update') server.work = wait('others');
    };
    server.push(world.train());
    await world.until((s) => s.phase.kind === 'training' && s.phase.fraction > 0);
    world.session.pause('now');
    expect(world.snapshot).toMatchObject({ phase: { kind: 'paused', round: 1 }, pause: 'now' });
    await vi.waitUntil(() => server.received.standing.includes('pause'));
    const batches = world.snapshot.curve.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(world.snapshot.curve.length).toBeLessThanOrEqual(batches + 1);
    expect(server.received.updates).toHaveLength(0);

    world.session.resume();
    await world.until((s) => s.roundsDone === 1);
    expect(server.received.standing).toEqual(['pause', 'resume']);
    const perEpoch = Math.ceil(12 / config.local.batchSize);
    expect(world.snapshot.curve).toHaveLength(perEpoch * config.local.epochs);
  });

  it('C6: pause after the round finishes the work first', async () => {
    const { server } = world;
    server.onMessage = (kind) => {
      if (kind === 'update') server.work = wait('you-paused');
    };
    server.push(world.train());
    await world.until((s) => s.phase.kind === 'training');
    world.session.pause('after-round');
    expect(world.snapshot.phase.kind).toBe('training');
    await world.until((s) => s.phase.kind === 'paused');
    expect(world.snapshot.roundsDone).toBe(1);

    server.onMessage = (kind) => {
      if (kind === 'standing') server.work = wait('others');
    };
    world.session.resume();
    await world.until((s) => s.phase.kind === 'waiting');
    expect(world.snapshot.pause).toBe('none');
  });

  it('C6: a pause outlives a reload, until the person resumes', async () => {
    world.server.push(wait('you-paused'));
    await world.until((s) => s.phase.kind === 'paused');
    expect(world.snapshot.pause).toBe('after-round');
    expect(world.server.received.standing).toEqual([]);
    world.session.resume();
    await vi.waitUntil(() => world.server.received.standing.includes('resume'));
  });

  it('C6: leaving says goodbye and drops the work in hand', async () => {
    const { server } = world;
    server.push(world.train());
    await world.until((s) => s.phase.kind === 'training');
    await world.session.leave();
    expect(world.snapshot).toMatchObject({ phase: { kind: 'left' }, connected: false });
    expect(server.received.standing).toEqual(['leave']);
    expect(server.received.updates).toHaveLength(0);
  });
});
