import { describe, expect, it } from 'vitest';
import { rules } from '../../aggregation/index.ts';
import { epsilonOfSteps } from '../../privacy/index.ts';
import { privateSteps, type RunConfigInput, type SamplePrivacy } from '../../protocol/index.ts';
import { createStrategy, strategies } from '../../selection/index.ts';
import { configProblems } from '../check-config.ts';
import { testConfig } from '../testing/config.ts';
import { privacyConflicts } from './problems.ts';
import { samplePlanOf } from './sample-plan.ts';

const privacy: SamplePrivacy = { kind: 'sample', epsilon: 8, delta: 1e-5, clip: 1, noise: null };
const usable: Partial<RunConfigInput> = {
  strategy: { name: 'head-only' },
  rounds: 20,
  local: { batchSize: 32 },
  privacy,
};
const configOf = (more: Partial<RunConfigInput>) => testConfig({ ...usable, ...more });
const problems = (more: Partial<RunConfigInput>) => configProblems(configOf(more)).map(({ path }) => path);

describe('what stands against a run that protects each sample', () => {
  it('is nothing of one whose participants are asked for noised updates alone, however these are mixed', () => {
    expect(problems({})).toEqual([]);
    for (const { startConfig } of rules) {
      const rule = startConfig(20);
      expect(problems({ aggregation: { rule }, cohort: { goal: 20 } })).toEqual([]);
    }
    expect(problems({ aggregation: { participation: 'share' } })).toEqual([]);
    expect(problems({ local: { clipNorm: 1, proximal: 0.1, maxBatches: 3 } })).toEqual([]);
  });

  it('is every strategy that asks for scores', () => {
    for (const variant of strategies) {
      const strategy = variant.startConfig();
      const asks = createStrategy(strategy).needs !== 'nothing';
      expect(problems({ strategy }), strategy.name).toEqual(asks ? ['strategy.name'] : []);
    }
    expect(
      strategies.filter((s) => createStrategy(s.startConfig()).needs !== 'nothing').length,
    ).toBeGreaterThan(2);
  });

  it.each<[string, Partial<RunConfigInput>]>([
    ['budget.unit', { budget: { kind: 'fixed', unit: 'milliseconds', amount: 10 } }],
    ['budget.kind', { budget: { kind: 'adaptive', deadline: 10, first: 1, max: 2 } }],
    ['local.timeBox', { local: { timeBox: 1 } }],
    ['stopping.patience', { stopping: { patience: 3 } }],
    ['stopping.target', { stopping: { target: 0.9 } }],
    ['retention.best', { retention: { best: 2 } }],
  ])('is %s, with the reason and the remedy', (path, more) => {
    const found = configProblems(configOf(more));
    expect(found.map((p) => p.path)).toEqual([path]);
    for (const { message, hint, beside } of found) {
      for (const text of [message, hint, beside]) expect(text.length).toBeGreaterThan(15);
      expect(hint).toMatch(/^Set /);
    }
    expect(privacyConflicts(configOf(more)).map((p) => p.path)).toEqual([path]);
  });

  it('is sealing, which would sum up figures without noise', () => {
    const sealing = { kind: 'sealed', atLeast: 3, samples: 100 } as const;
    expect(problems({ aggregation: { sealing, rule: { name: 'mean' }, weightCap: null } })).toEqual([
      'aggregation.sealing',
    ]);
  });

  it('is what nobody could keep, however many samples', () => {
    expect(problems({ privacy: { ...privacy, epsilon: 0.01, delta: 1e-12 }, rounds: 10_000 })).toEqual([
      'privacy.epsilon',
    ]);
    expect(problems({ privacy: { ...privacy, epsilon: 0.1, noise: 0.05 } })).toEqual(['privacy.noise']);
  });
});

describe('samplePlanOf', () => {
  it('goes by the epochs of the warm start and of the others, and lasts for all rounds where the noise is computed', () => {
    const config = configOf({
      local: { batchSize: 32, epochs: 2, head: { warmUp: { rounds: 3, epochs: 5 } } },
    });
    expect(privateSteps(config, 100)).toBe((3 * 5 + 17 * 2) * 4);
    expect(privateSteps(configOf({ local: { batchSize: 32, maxBatches: 2 } }), 1000)).toBe(40);
    const plan = samplePlanOf(config, privacy, 1000);
    expect(plan.rounds).toBe(20);
    expect(plan.epsilon).toBeGreaterThan(7.99);
    const steps = privateSteps(config, 1000);
    expect(plan.epsilon).toBe(epsilonOfSteps([{ sampling: 0.032, noise: plan.noise, steps }], 1e-5));
  });

  it('says for how many rounds a given noise lasts, and how long the noise is beside what can be learned', () => {
    const plan = samplePlanOf(configOf({}), { ...privacy, noise: 0.8, epsilon: 6 }, 1000);
    expect(plan.rounds).toBeGreaterThan(0);
    expect(plan.rounds).toBeLessThan(20);
    const long = (strategy: RunConfigInput['strategy']) =>
      samplePlanOf(configOf({ strategy }), privacy, 1000).noiseOverClip;
    expect(long({ name: 'full' })).toBeGreaterThan(10 * long({ name: 'head-only' }));
  });
});
