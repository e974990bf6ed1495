import { RunConfig } from '@strata/fl-core/protocol';
import { describe, expect, it } from 'vitest';
import { catalogFixture } from '../../testing/catalog.ts';
import { configErrors } from '../config-errors.ts';
import { defaultConfig } from '../defaults.ts';
import { startPrivacy } from './privacy-state.ts';
import { sealable, sealingConflicts, startSealing } from './sealing-state.ts';

const catalog = catalogFixture();
const usual = defaultConfig(catalog.models.find((m) => m.id === 'deit-tiny')!, catalog.samples);
const sealedRun = (more: Partial<RunConfig> = {}): RunConfig => ({
  ...usual,
  ...more,
  aggregation: { ...usual.aggregation, ...more.aggregation, sealing: startSealing },
});

describe('a run that is to be sealed', () => {
  it('is told nothing while it is not, and while a field is being typed in', () => {
    expect(sealingConflicts(usual, catalog)).toEqual([]);
    const typing = { ...startSealing, atLeast: '' };
    const values = { ...usual, aggregation: { ...usual.aggregation, sealing: typing } };
    expect(sealingConflicts(values, catalog)).toEqual([]);
  });

  it.each([
    ['the form’s own settings', {}],
    ['differential privacy', { privacy: startPrivacy.client }],
    ['budgets in milliseconds', { budget: { kind: 'fixed', unit: 'milliseconds', amount: 9 } }],
    ['a history', { strategy: RunConfig.shape.strategy.parse({ name: 'adagrad-select' }) }],
    ['raw scores', { selection: { ...usual.selection, scores: 'raw' } }],
    ['time-boxed rounds', { local: { ...usual.local, timeBox: 5 } }],
    ['an early end', { stopping: { patience: 3, target: 0.9 } }],
    ['the best models kept', { retention: { ...usual.retention, best: 2 } }],
    [
      'a least number of samples',
      { cohort: { ...usual.cohort, eligible: { ...usual.cohort.eligible, samples: 20 } } },
    ],
    ['a small cohort', { cohort: { ...usual.cohort, goal: 3, minimum: 3 } }],
  ] as const satisfies [string, Partial<RunConfig>][])(
    'names what stands against it, and the settings that fit can be sent: %s',
    (_what, more) => {
      const wished = sealedRun(more);
      expect(sealingConflicts(wished, catalog).length).toBeGreaterThan(0);
      const fitting = sealable(wished);
      expect(sealingConflicts(fitting, catalog)).toEqual([]);
      expect(configErrors(fitting, catalog)).toEqual({});
      expect(fitting.aggregation.sealing).toEqual(startSealing);
    },
  );
});
