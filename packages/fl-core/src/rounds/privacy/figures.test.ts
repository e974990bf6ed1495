import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gridSum } from '../../aggregation/noised-mean.ts';
import { cryptoWords, mostBits } from '../../privacy/index.ts';
import { type ClientPrivacy, type RunConfigInput, toldBy } from '../../protocol/index.ts';
import { configProblems } from '../check-config.ts';
import type { MemoryRun } from '../memory/run.ts';
import { memberViews, summarize } from '../summary.ts';
import { testConfig, tinyModel } from '../testing/config.ts';
import { answerAll, memoryRun, startCrew } from '../testing/crew.ts';
import { contributions, noisedAccuracy } from './figures.ts';
import { privacyPlan } from './plan.ts';
import { accuracyNoise, budgetSpent, spentBy, withModel } from './spending.ts';

/** What of held-out figures is published, with what noise, and what it spends. */

const promise: ClientPrivacy = {
  ...{ kind: 'client', epsilon: 8, delta: 1e-3, clip: 1, quantile: null, noise: null, sampling: null },
  figures: { kind: 'noised', share: 0.1 },
};
const configOf = (privacy: Partial<ClientPrivacy> = {}, more: Partial<RunConfigInput> = {}) =>
  testConfig({
    ...{ model: tinyModel, side: 8, rounds: 12, strategy: { name: 'head-only' } },
    aggregation: { rule: { name: 'mean' } },
    ...{ cohort: { goal: 3, minimum: 3 }, purpose: { kind: 'test' } },
    privacy: { ...promise, ...privacy },
    ...more,
  });
const privacyOf = (config: ReturnType<typeof configOf>): ClientPrivacy => {
  if (config.privacy.kind !== 'client') throw new Error(config.privacy.kind);
  return config.privacy;
};

const tried = (client: string, accuracy: number, samples = 4) => ({
  client,
  evaluation: { loss: 1, accuracy, samples },
});

describe('a published accuracy', () => {
  it('changes by no more than 1 in its sum where one participant says anything else, to the last step of the grid', async () => {
    const anything = fc.oneof(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double(),
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1, 2, 1 + Number.EPSILON),
    );
    const step = 3 / 2 ** mostBits;
    const sumOf = async (cohort: readonly ReturnType<typeof tried>[]) => {
      const updates = contributions(cohort).map(({ client, value }) => ({
        ...{ client, samples: 1, length: Math.fround(value) },
        read: () => Float32Array.of(value),
      }));
      let sum = 0;
      await gridSum(updates, 1, { clip: 1, step }, (_, values) => {
        sum = values[0]!;
      });
      return sum * step;
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(anything, { minLength: 1, maxLength: 20 }),
        fc.nat(),
        anything,
        async (accuracies, which, other) => {
          const cohort = accuracies.map((accuracy, i) => tried(`c${i}`, accuracy));
          const i = which % cohort.length;
          const changed = cohort.with(i, tried(`c${i}`, other, 1_000_000));
          const zeroed = cohort.with(i, tried(`c${i}`, 0));
          const own = await sumOf(cohort);
          expect(Math.abs(own - (await sumOf(changed)))).toBeLessThanOrEqual(1);
          expect(Math.abs(own - (await sumOf(zeroed)))).toBeLessThanOrEqual(1);
          expect(own).toBeGreaterThanOrEqual(0);
          expect(own).toBeLessThanOrEqual(cohort.length);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('counts who tried the model, each once, whatever samples are claimed', async () => {
    const cohort = [
      tried('a', 1, 1_000),
      tried('b', 0),
      tried('c', 0.5, 0),
      { client: 'd', evaluation: null },
    ];
    expect(contributions(cohort)).toEqual([
      { client: 'a', value: 1 },
      { client: 'b', value: 0 },
    ]);
    const found = await noisedAccuracy(cohort, 1e-4, cryptoWords());
    expect(found?.divisor).toBe(2);
    expect(found?.value).toBeCloseTo(0.5, 2);
    expect(await noisedAccuracy([], 1, cryptoWords())).toBeNull();
    // divided by who was to be expected it is published whoever tried it
    expect(await noisedAccuracy([], 1, cryptoWords(), 4)).toMatchObject({ divisor: 4 });
  });

  it('has noise of its deviation over the number that it is divided by', async () => {
    const cohort = Array.from({ length: 10 }, (_, i) => tried(`c${i}`, 0.7));
    const words = cryptoWords();
    const count = 4000;
    let [sum, squares] = [0, 0];
    for (let i = 0; i < count; i++) {
      const { value } = (await noisedAccuracy(cohort, 3, words))!;
      sum += value;
      squares += (value - 0.7) ** 2;
    }
    // deviations of the mean 0.0047, of the variance 2.2 %
    expect(Math.abs(sum / count - 0.7)).toBeLessThan(0.03);
    expect(squares / count / 0.3 ** 2).toBeGreaterThan(0.87);
    expect(squares / count / 0.3 ** 2).toBeLessThan(1.13);
  });
});

describe('what it spends', () => {
  it.each([
    // Opacus 1.6.0: RDPAccountant with history [(z, 1, rounds), (z sqrt((1 - share) / share), 1, rounds)]
    { share: 0.1, noise: 2.5, rounds: 12, epsilon: 5.643261789466887 },
    { share: 0.5, noise: 2.5, rounds: 6, epsilon: 5.284018242131793 },
  ])(
    'is what Opacus says of models and accuracies together, share $share',
    ({ share, noise, rounds, epsilon }) => {
      const config = configOf({ noise, figures: { kind: 'noised', share } }, { rounds });
      const plan = privacyPlan(config, privacyOf(config));
      expect(plan.rounds).toBe(rounds);
      expect(plan.epsilon).toBeCloseTo(epsilon, 6);
      const own = noise * Math.sqrt((1 - share) / share);
      expect(accuracyNoise(config, privacyOf(config))).toBeCloseTo(own, 12);
      expect(plan.accuracyNoise).toBeCloseTo(own / 3, 12);
    },
  );

  it('of a cohort that was drawn in secret is that of one release, as Opacus has it, and more than of two draws', () => {
    const config = configOf({ noise: 2.5, sampling: 0.2 }, { cohort: { goal: 3, minimum: 30 } });
    const privacy = privacyOf(config);
    const { epsilon, accuracyNoise: deviation } = privacyPlan(config, privacy);
    // RDPAccountant with history [(2.3717082451262845, 0.2, 12)]
    expect(epsilon).toBeCloseTo(1.0167801156059908, 6);
    expect(epsilon).toBeGreaterThan(
      spentBy(config, privacy, [...Array(12).fill(2.5), ...Array(12).fill(7.5)]),
    );
    expect(deviation).toBeCloseTo(7.5 / 6, 12);
  });

  it('is counted as the model is sent, and in whether another round may open', () => {
    const config = configOf({ noise: 2.5 });
    const model = withModel(config, [], { clip: 1, choice: null, model: null, epsilon: 0 }, null)!;
    expect(model.model?.accuracy).toEqual({ noise: expect.closeTo(7.5, 12), divisor: null, value: null });
    expect(model.epsilon).toBe(spentBy(config, privacyOf(config), [2.5, 7.5]));
    // with the models alone it would go on
    const almost = {
      ...privacyOf(config),
      epsilon: (model.epsilon + spentBy(config, privacyOf(config), [2.5])) / 2,
    };
    expect(budgetSpent({ ...config, privacy: almost }, [], false)).toContain('The privacy budget is spent');
    const alone = { ...almost, figures: { kind: 'withheld' } as const };
    expect(budgetSpent({ ...config, privacy: alone }, [], false)).toBeNull();
  });

  it('leaves the models 5 % more noise at a tenth, and all rounds within epsilon', () => {
    const [noised, withheld] = [configOf(), configOf({ figures: { kind: 'withheld' } })].map((config) =>
      privacyPlan(config, privacyOf(config)),
    );
    expect(noised!.noise / withheld!.noise).toBeCloseTo(Math.sqrt(1 / 0.9), 12);
    for (const plan of [noised!, withheld!]) {
      expect(plan.rounds).toBe(12);
      expect(plan.epsilon).toBeLessThanOrEqual(8 * (1 + 1e-9));
      expect(plan.epsilon).toBeGreaterThan(7.99);
    }
    expect(withheld!.accuracyNoise).toBeNull();
  });
});

/** Plays a run to its end. */
async function played(config: ReturnType<typeof configOf>): Promise<MemoryRun> {
  const run = await memoryRun({ config });
  await answerAll(run, await startCrew(run, 3));
  return run;
}
const summaryOf = ({ book }: MemoryRun, round: number) =>
  summarize(book.run.config, book.round(round), book.cohort(round), 0);

describe('a run whose accuracies are published with noise', () => {
  it('publishes the mean, and keeps and shows nothing of a participant', async () => {
    const config = configOf({ epsilon: 100, noise: 1.5 }, { rounds: 2, strategy: { name: 'gradient-norm' } });
    const run = await played(config);
    const { book } = run;
    expect(book.run.state).toBe('finished');
    for (const { round, privacy, heldOut } of book.committed) {
      const { accuracy } = privacy!.model!;
      expect(accuracy).toMatchObject({ noise: expect.closeTo(4.5, 12), divisor: 3 });
      expect(heldOut).toBeNull();
      for (const { trainLoss, evaluation } of book.cohort(round)) {
        expect(trainLoss).toBeNull();
        expect(evaluation).toMatchObject({ loss: 0, accuracy: 0 });
        expect(evaluation?.samples).toBeGreaterThan(0);
      }
      const summary = summaryOf(run, round);
      expect(summary.accuracy).toBe(Math.min(1, Math.max(0, accuracy!.value!)));
      expect(summary.accuracyNoise).toBeCloseTo(1.5, 12);
      expect([summary.loss, summary.trainLoss, summary.medianLoss, summary.medianAccuracy]).toEqual(
        Array(4).fill(null),
      );
      expect([summary.evaluatedSamples, summary.e1, summary.e2, summary.covered]).toEqual([
        0,
        null,
        null,
        null,
      ]);
      // what the choice of layers released, and no other score
      const shares = Object.entries(privacy!.choice!.shares).map(([l, s]) => [l, Math.max(0, s)]);
      expect(summary.importance).toEqual(Object.fromEntries(shares));
      for (const view of memberViews(config, book.cohort(round)))
        expect([view.scores, view.trainLoss, view.evaluation, view.evaluationWeight]).toEqual(
          Array(4).fill(null),
        );
    }
  });

  it('shows nothing of a participant while a round is open either', async () => {
    const run = await memoryRun({ config: configOf({ epsilon: 100, noise: 1.5 }) });
    const ids = await startCrew(run, 3);
    await answerAll(run, ids, () => run.book.round(1).phase === 'evaluating');
    await run.evaluated('c1', { round: 1, loss: 2, accuracy: 0.25, samples: 4 });
    expect(run.book.member(1, 'c1')?.evaluation?.accuracy).toBe(0.25); // until the round is over
    expect(summaryOf(run, 1)).toMatchObject({
      accuracy: null,
      loss: null,
      medianAccuracy: null,
      evaluatedSamples: 0,
    });
    expect(memberViews(run.book.run.config, run.book.cohort(1)).map((m) => m.evaluation)).toEqual([
      null,
      null,
      null,
    ]);
    await run.command('stop');
    await run.advance(1);
    expect(run.book.round(1).phase).toBe('abandoned');
    expect(run.book.member(1, 'c1')?.evaluation).toEqual({ loss: 0, accuracy: 0, samples: 4 });
    // spent, though nothing was published
    expect(run.book.released()).toMatchObject([{ model: { accuracy: { value: null } } }]);
  });

  it('stops before it would pass its epsilon, with the accuracies counted', async () => {
    const run = await played(configOf({ noise: 2, epsilon: 4 }));
    const { book } = run;
    expect(book.run.state).toBe('stopped');
    const config = configOf({ noise: 2, epsilon: 4 });
    const spent = (rounds: number) =>
      spentBy(config, privacyOf(config), [...Array(rounds).fill(2), ...Array(rounds).fill(6)]);
    const affordable = book.committed.length;
    expect(affordable).toBeGreaterThan(1);
    expect(book.released().at(-1)?.epsilon).toBeCloseTo(spent(affordable), 9);
    expect(spent(affordable + 1)).toBeGreaterThan(4);
  });
});

describe('a run that withholds figures', () => {
  it('is what is made where nothing is said, asks nobody, and shows none', async () => {
    const { figures: _, ...unsaid } = promise;
    const config = testConfig({ ...configOf(), privacy: { ...unsaid, epsilon: 100, noise: 1.5 }, rounds: 1 });
    expect(privacyOf(config).figures).toEqual({ kind: 'withheld' });
    expect(toldBy(config)).toBe('nothing');
    const run = await played(config);
    expect(run.book.run.state).toBe('finished');
    expect(run.book.cohort(1).map((m) => m.evaluation?.samples)).toEqual([0, 0, 0]);
    expect(summaryOf(run, 1)).toMatchObject({
      accuracy: null,
      accuracyNoise: null,
      loss: null,
      trainLoss: null,
    });
    expect(run.book.released()[0]?.model).not.toHaveProperty('accuracy');
  });

  it.each(['withheld', 'noised'] as const)('keeps no best models, which follow from losses: %s', (kind) => {
    const figures = kind === 'noised' ? { kind, share: 0.1 } : { kind };
    const problems = configProblems(configOf({ figures }, { retention: { last: 3, best: 1 } }));
    expect(problems.map(({ path }) => path)).toEqual(['retention.best']);
    expect(
      configProblems(configOf({ figures: { kind: 'reported' } }, { retention: { last: 3, best: 1 } })),
    ).toEqual([]);
  });
});
