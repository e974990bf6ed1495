import { LocalConfig, type SamplePrivacy } from '@strata/fl-core/protocol';
import { chooseBackend } from '@strata/fl-core/training';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SampleGuard, SpendingInMemory } from '../work/index.ts';
import { World, wait } from './testing/session-world.ts';

/** A session whose run protects each sample: 12 of them, a third of which is in a step. */
const privacy: SamplePrivacy = { kind: 'sample', epsilon: 6, delta: 1e-3, clip: 0.5, noise: 1.2 };
const local = LocalConfig.parse({ batchSize: 4 });

describe('a session in a run that protects each sample', () => {
  const kept = new SpendingInMemory();
  const worldOf = () =>
    new World(
      (data, tell) =>
        new SampleGuard({
          ...{ run: 'run-1', client: 'c-1', config: { privacy, rounds: 9, local }, data, kept, tell },
        }),
      { privacy },
    );
  let world: World;
  beforeAll(async () => {
    await chooseBackend({ force: 'wasm' });
  });
  afterEach(() => world.stop());

  /** The round is trained, by one epoch. */
  const train = (round: number) => {
    const work = world.train([], round);
    if (work.kind !== 'train') throw new Error(work.kind);
    return { ...work, method: { kind: 'steps', epochs: 1 } as const };
  };
  const joined = async () => {
    world = worldOf();
    await world.start();
    world.server.onMessage = (kind) => {
      if (kind === 'update') world.server.work = wait('others');
    };
    await world.until((s) => s.phase.kind === 'waiting');
  };

  it('sends noised updates and what it has spent; its losses stay on its page', async () => {
    await joined();
    const { server } = world;
    server.push(train(1));
    await world.received(1);
    await world.until((s) => s.phase.kind === 'waiting');
    const { standing, curve, losses } = world.snapshot;
    expect(standing).toMatchObject({ promised: 6, noise: 1.2, sampling: 1 / 3, steps: 3, kept: false });
    expect(server.received.updates[0]?.metadata).toEqual({ samples: 12, epsilon: standing!.epsilon });
    expect(losses).toHaveLength(1);
    expect(curve.length).toBeGreaterThan(0);
    expect(server.received.progress.some((p) => p.activity === 'training')).toBe(true);
    expect(server.received.progress.filter((p) => p.loss !== undefined)).toEqual([]);
    // Noise of 1.2 clips over 4 samples on each value: far more than three steps of 12 samples teach.
    expect(server.received.updates[0]?.tensors.every((t) => t.data.every((v) => v !== 0))).toBe(true);

    server.push(world.evaluate(1));
    await world.until(() => server.received.evaluated.length === 1);
    expect(server.received.evaluated).toEqual([{ round: 1, loss: 0, accuracy: 0, samples: 0 }]);
    expect(world.snapshot.accuracies).toEqual([]);
  });

  it('goes on after a reload with what was spent before it, and leaves with the reason before it would pass the promise', async () => {
    await joined();
    const { server } = world;
    for (let round = 2; world.snapshot.phase.kind !== 'failed' && round < 50; round++) {
      server.push(train(round));
      await world.until(
        (s) =>
          s.phase.kind === 'failed' ||
          (s.losses.some((l) => l.round === round) && s.phase.kind === 'waiting'),
      );
    }
    const { phase, standing, losses } = world.snapshot;
    expect(phase).toMatchObject({ kind: 'failed', error: { code: 'privacy-spent' } });
    expect(server.received.standing).toEqual(['leave']);
    expect(server.received.reasons).toMatchObject([
      { code: 'privacy-spent', message: expect.stringContaining(`${standing!.epsilon.toFixed(2)} of 6`) },
    ]);
    expect(losses.length).toBeGreaterThan(0);
    expect(standing!.epsilon).toBeLessThanOrEqual(6);
    // Three steps a round, those of the test before among them.
    expect(standing!.steps).toBe(3 * (losses.length + 1));
    expect(server.received.updates).toHaveLength(losses.length);
  });

  it('answers no probe: it leaves, and says why', async () => {
    await joined();
    world.server.push(world.probe());
    await world.until((s) => s.phase.kind === 'failed');
    expect(world.server.received.probed).toEqual([]);
    expect(world.server.received.reasons).toMatchObject([{ code: 'bad-config' }]);
  });
});
