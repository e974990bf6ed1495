import { describe, expect, it } from 'vitest';
import { rules } from '../../aggregation/index.ts';
import type { RunConfigInput } from '../../protocol/index.ts';
import { strategies } from '../../selection/index.ts';
import { configProblems } from '../check-config.ts';
import { testConfig } from '../testing/config.ts';

const privacy = { kind: 'client', epsilon: 8, delta: 1e-3, clip: 1 } as const;
const usable: Partial<RunConfigInput> = {
  strategy: { name: 'head-only' },
  aggregation: { rule: { name: 'mean' } },
  rounds: 20,
  cohort: { goal: 20, minimum: 20 },
  privacy,
};
const problems = (more: Partial<RunConfigInput>) =>
  configProblems(testConfig({ ...usable, ...more })).map(({ path }) => path);

describe('privacyProblems', () => {
  it('are none of a run without differential privacy, nor of one that can keep it', () => {
    expect(problems({})).toEqual([]);
    expect(problems({ strategy: { name: 'strata', lambda: 1 }, privacy: { kind: 'none' } })).toEqual([]);
  });

  it('are every way by which one client could have more say than its clipped update', () => {
    for (const variant of strategies) {
      const strategy = variant.startConfig();
      expect(problems({ strategy })).toEqual([]);
    }
    for (const variant of rules) {
      const rule = variant.startConfig(20);
      expect(problems({ aggregation: { rule } })).toEqual(
        rule.name === 'mean' ? [] : ['aggregation.rule.name'],
      );
    }
    for (const participation of ['share', 'harmonic'] as const)
      expect(problems({ aggregation: { rule: { name: 'mean' }, participation } })).toEqual([
        'aggregation.participation',
      ]);
    expect(problems({ budget: { kind: 'fixed', unit: 'milliseconds', amount: 10 } })).toEqual([
      'budget.unit',
    ]);
    expect(problems({ budget: { kind: 'adaptive', deadline: 10, first: 1, max: 2 } })).toEqual([
      'budget.kind',
    ]);
  });

  it('are what protects nobody, and in a study what would drown the model', () => {
    expect(problems({ privacy: { ...privacy, delta: 0.05 } })).toEqual(['privacy.delta']);
    expect(problems({ privacy: { ...privacy, epsilon: 0.01, delta: 1e-9 } })).toEqual(['privacy.epsilon']);
    expect(problems({ privacy: { ...privacy, noise: 0.1 } })).toEqual(['privacy.noise']);
    const full: Partial<RunConfigInput> = { strategy: { name: 'full' } };
    expect(problems({ ...full, purpose: { kind: 'study' } })).toEqual(['privacy.epsilon']);
    expect(problems({ ...full, purpose: { kind: 'test' } })).toEqual([]);
    expect(problems({ purpose: { kind: 'study' } })).toEqual([]);
  });

  it('name the thing and the remedy', () => {
    const [problem] = configProblems(
      testConfig({ ...usable, strategy: { name: 'full' }, purpose: { kind: 'study' } }),
    );
    expect(problem?.message).toMatch(/The noise of a round would be \d+ times as long/);
    expect(problem?.hint).toContain('Train fewer parameters');
    expect(problem?.beside).toMatch(/^Nothing would be learned: the noise is \d+ times/);
  });
});
