import { describe, expect, it } from 'vitest';
import { epsilonOf, Length } from '../../privacy/index.ts';
import {
  type ClientPrivacy,
  decodeSafetensors,
  encodeSafetensors,
  type RunConfigInput,
} from '../../protocol/index.ts';
import { strategies } from '../../selection/index.ts';
import { configProblems } from '../check-config.ts';
import { drawSecretly } from '../cohort.ts';
import type { MemoryRun } from '../memory/run.ts';
import { syntheticDelta } from '../testing/answers.ts';
import { testConfig, tinyModel } from '../testing/config.ts';
import { answerAll, memoryRun, startCrew } from '../testing/crew.ts';
import { privacyPlan } from './plan.ts';

/** Cohorts that are drawn in secret, each participant apart from all others (Poisson). */

const promise: ClientPrivacy = {
  ...{ kind: 'client', epsilon: 50, delta: 1e-2, clip: 1 },
  ...{ quantile: null, noise: 1, sampling: 0.5, figures: { kind: 'reported' } },
};
const sampledConfig = (privacy: Partial<ClientPrivacy> = {}, more: Partial<RunConfigInput> = {}) =>
  testConfig({
    ...{ model: tinyModel, side: 8, rounds: 6, purpose: { kind: 'test' } },
    ...{ strategy: { name: 'round-robin' }, budget: { kind: 'fixed', unit: 'layers', amount: 1 } },
    aggregation: { rule: { name: 'mean' } },
    cohort: { goal: 3, minimum: 6 },
    privacy: { ...promise, ...privacy },
    ...more,
  });

/** A run whose sampling seed is such that `wanted` holds of who is drawn for the first round. */
async function runWhere(
  config: ReturnType<typeof sampledConfig>,
  count: number,
  wanted: (drawn: ReadonlySet<string>) => boolean,
): Promise<{ run: MemoryRun; ids: string[] }> {
  const run = await memoryRun({ config });
  const ids = Array.from({ length: count }, (_, i) => `c${i + 1}`);
  const rate = config.privacy.kind === 'client' ? config.privacy.sampling! : 1;
  for (let i = 0; ; i++) {
    if (!wanted(await drawSecretly(ids, rate, `seed ${i}`, 1))) continue;
    run.book.run = { ...run.book.run, sampling: `seed ${i}` };
    await startCrew(run, count);
    return { run, ids };
  }
}

const valuesOf = (run: MemoryRun, at: number, layer: string) =>
  decodeSafetensors(run.book.read(run.book.checkpoint(at).layers[layer]!.sha256)).tensors.flatMap((t) => [
    ...t.data,
  ]);
const changeOf = (run: MemoryRun, round: number, layer: string) => {
  const before = valuesOf(run, run.book.round(round).baseRound, layer);
  return Float64Array.from(valuesOf(run, round, layer), (v, k) => v - before[k]!);
};
const lengthOf = (values: ArrayLike<number>) => {
  const length = new Length();
  length.add(values);
  return length.value;
};

describe('drawSecretly', () => {
  it('draws each with its probability, apart from the others and from other rounds, the same when asked again', async () => {
    const ids = Array.from({ length: 4000 }, (_, i) => `c${i}`);
    const draw = (round: number, seed = 's') => drawSecretly(ids, 0.2, seed, round);
    const [first, second, other] = [await draw(1), await draw(2), await draw(1, 't')];
    expect(await draw(1)).toEqual(first);
    // deviations of the counts: 25 of 800, and 12 of 160
    for (const { size } of [first, second, other]) expect(Math.abs(size - 800)).toBeLessThan(130);
    for (const again of [second, other]) {
      expect(Math.abs([...first].filter((id) => again.has(id)).length - 160)).toBeLessThan(65);
    }
    // Whoever else is there: the lot of one is its own.
    const some = ids.slice(0, 50);
    expect(await drawSecretly(some, 0.2, 's', 1)).toEqual(new Set(some.filter((id) => first.has(id))));
  });
});

describe('a run whose cohorts are drawn in secret', () => {
  it('plays each round with who was drawn, moves the same layers for all, and counts with the probability', async () => {
    const run = await memoryRun({ config: sampledConfig(), everyStepTwice: true });
    const ids = await startCrew(run, 6);
    await answerAll(run, ids);
    const { book } = run;
    expect(book.run.state).toBe('finished');
    expect(book.committed).toHaveLength(6);
    for (const [i, { round }] of book.committed.entries()) {
      const cohort = book.cohort(round);
      const drawn = await drawSecretly(ids, 0.5, book.run.sampling, round);
      expect(cohort.map((m) => m.client)).toEqual(ids.filter((id) => drawn.has(id)));
      const { privacy } = book.round(round);
      expect(privacy?.sample).toEqual({ expected: 3, layers: [expect.stringMatching(/^blocks\./)] });
      for (const { mask } of cohort) expect(mask).toEqual(privacy?.sample?.layers);
      const { epsilon } = epsilonOf([{ sampling: 0.5, noise: 1, rounds: i + 1 }], 1e-2);
      expect(privacy?.epsilon).toBe(epsilon);
      for (const layer of Object.keys(book.checkpoint(round).layers)) {
        const moved = lengthOf(changeOf(run, round, layer)) > 0;
        expect(moved, `${layer} in ${round}`).toBe(['head', ...privacy!.sample!.layers].includes(layer));
      }
    }
    const masks = book.committed.map(({ round }) => book.round(round).privacy?.sample?.layers.join());
    expect(new Set(masks).size).toBe(3); // round-robin goes round
  });

  it('divides the sum by how many were to be expected, however many there are', async () => {
    const config = sampledConfig(
      { noise: 0.1, epsilon: 100 },
      { rounds: 1, strategy: { name: 'head-only' } },
    );
    const delta = syntheticDelta(config, ['head'], 7);
    const length = lengthOf(delta.flatMap((t) => [...t.data]));
    // All send the same, as long as the clip lets it be.
    const sent = delta.map((t) => ({ ...t, data: t.data.map((v) => v / length) }));
    const direction = sent.flatMap((t) => [...t.data]);
    for (const count of [1, 5]) {
      const { run, ids } = await runWhere(config, 6, ({ size }) => size === count);
      for (const { client } of run.book.cohort(1)) {
        await run.update(client, 1, encodeSafetensors(sent, { samples: '10', loss: '1' }));
      }
      await answerAll(run, ids);
      expect(run.book.round(1).phase).toBe('committed');
      const along = changeOf(run, 1, 'head').reduce((dot, v, k) => dot + v * direction[k]!, 0);
      // Along one direction the noise has a deviation of 0.1 / 3.
      expect(Math.abs(along - count / 3)).toBeLessThan(0.2);
    }
  });

  it('makes a model of a round that nobody was drawn for, and of one that nobody answered: of noise alone', async () => {
    const config = sampledConfig({ noise: 2 }, { rounds: 1, strategy: { name: 'full' } });
    const { run } = await runWhere(config, 6, ({ size }) => size === 0);
    await run.quiet();
    const silent = await runWhere(config, 6, ({ size }) => size === 4);
    expect(silent.run.book.round(1).phase).toBe('training');
    await silent.run.advance(60);
    for (const { book } of [run, silent.run]) expect(book.run.state).toBe('finished');
    for (const one of [run, silent.run]) {
      for (const layer of ['blocks.0', 'blocks.1', 'blocks.2', 'head']) {
        const change = changeOf(one, 1, layer);
        const expected = (2 * Math.sqrt(change.length)) / 3;
        expect(lengthOf(change)).toBeGreaterThan(0.6 * expected);
        expect(lengthOf(change)).toBeLessThan(1.4 * expected);
      }
    }
    expect(run.book.cohort(1)).toEqual([]);
    expect(run.book.round(1)).toMatchObject({ phase: 'committed', heldOut: null });
  });

  it('waits for all who were drawn, whatever the goal: who is late does not follow from who else is there', async () => {
    const config = sampledConfig(
      {},
      { rounds: 1, cohort: { goal: 1, minimum: 6, grace: { seconds: 1, share: 0 } } },
    );
    const { run, ids } = await runWhere(config, 6, ({ size }) => size === 4);
    const slow = run.book.cohort(1)[0]!.client;
    await answerAll(
      run,
      ids.filter((id) => id !== slow),
    );
    await run.advance(15);
    expect(run.book.round(1).phase).toBe('training');
    await answerAll(run, ids);
    await run.advance(25);
    expect(run.book.cohort(1).filter((m) => m.update !== null)).toHaveLength(4);
    expect(run.book.run.state).toBe('finished');
  });

  it('draws nobody anew after a crash while it opens a round, and goes on with the same candidate', async () => {
    for (const points of [1, 2, 3, 4]) {
      const { run, ids } = await runWhere(sampledConfig({}, { rounds: 2 }), 6, ({ size }) => size === 3);
      const first = run.book.cohort(1).map((m) => m.client);
      await answerAll(run, ids, () => run.book.round(1).phase === 'evaluating');
      const { candidate } = run.book.round(1);
      run.crashAfter(points);
      await answerAll(run, ids, () => run.crashed);
      await run.restart();
      for (const id of ids) await run.hello(id, run.book.clients.get(id)!.hello!);
      await answerAll(run, ids);
      expect(run.book.cohort(1).map((m) => m.client)).toEqual(first);
      expect(run.book.checkpoint(1).layers).toEqual(candidate);
      const drawn = await drawSecretly(ids, 0.5, run.book.run.sampling, 2);
      expect(run.book.cohort(2).map((m) => m.client)).toEqual(ids.filter((id) => drawn.has(id)));
      expect(run.book.run.state).toBe('finished');
    }
  });

  it('needs less noise than one whose cohorts are known, and its plan says what its sums are divided by', () => {
    const more = {
      rounds: 20,
      strategy: { name: 'head-only' },
      cohort: { goal: 100, minimum: 100 },
    } as const;
    const planOf = (sampling: number | null) => {
      const config = sampledConfig({ noise: null, epsilon: 8, delta: 1e-3, sampling }, more);
      if (config.privacy.kind !== 'client') throw new Error('not private');
      return privacyPlan(config, config.privacy);
    };
    const [known, secret] = [planOf(null), planOf(0.2)];
    expect(secret.noise).toBeLessThan(0.5 * known.noise);
    for (const { rounds, epsilon } of [known, secret]) {
      expect(rounds).toBe(20);
      expect(epsilon).toBeLessThanOrEqual(8 * (1 + 1e-9));
      expect(epsilon).toBeGreaterThan(7.99);
    }
    // z sqrt(P) over 100, and over 20
    const perNoise = known.noiseOverClip / known.noise;
    expect(secret.noiseOverClip / secret.noise).toBeCloseTo(5 * perNoise, 10);
  });

  it('is refused with what would tell who was drawn', () => {
    const paths = (more: Partial<RunConfigInput>, privacy: Partial<ClientPrivacy> = {}) =>
      configProblems(sampledConfig(privacy, more)).map(({ path }) => path);
    expect(paths({})).toEqual([]);
    expect(paths({ purpose: { kind: 'test', sampling: 1 } })).toEqual(['purpose.sampling']);
    expect(paths({}, { quantile: 0.5 })).toEqual(['privacy.quantile']);
    const drawn = { kind: 'drawn', unit: 'layers', distribution: 'uniform', min: 1, max: 2 } as const;
    expect(paths({ budget: drawn })).toEqual(['budget.kind']);
    const refused = strategies.flatMap((variant) => {
      const strategy = variant.startConfig();
      return paths({ strategy }).includes('strategy.name') ? [strategy.name] : [];
    });
    expect(refused).toEqual(expect.arrayContaining(['strata', 'gradient-norm', 'fedluar']));
    expect(refused).not.toEqual(expect.arrayContaining(['head-only']));
    expect(paths({ cohort: { goal: 6, minimum: 6 } }, { sampling: null })).toEqual([]);
  });
});
