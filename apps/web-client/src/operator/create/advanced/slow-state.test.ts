import { RunConfig } from '@strata/fl-core/protocol';
import { describe, expect, it } from 'vitest';
import { catalogFixture } from '../../testing/catalog.ts';
import { configErrors } from '../config-errors.ts';
import { defaultConfig } from '../defaults.ts';
import { startPrivacy } from '../privacy/privacy-state.ts';
import { startSealing } from '../privacy/sealing-state.ts';
import { bufferable, bufferedConflicts, slowOf, withSlow } from './slow-state.ts';

const catalog = catalogFixture();
const usual = defaultConfig(catalog.models.find((m) => m.id === 'deit-tiny')!, catalog.samples);
const buffered = (more: Partial<RunConfig> = {}): RunConfig => withSlow({ ...usual, ...more }, 'carried');

describe('slow devices', () => {
  it('are treated in one way at a time', () => {
    for (const slow of ['left-out', 'time-boxed', 'carried'] as const)
      expect(slowOf(withSlow(withSlow(usual, 'carried'), slow))).toBe(slow);
    expect(withSlow(usual, 'left-out')).toEqual(usual);
    expect(buffered().cohort.timing).toEqual({
      kind: 'buffered',
      atWork: 2 * usual.cohort.goal,
      staleness: 10,
    });
  });

  it('are told of nothing while they are not carried, and while a field is being typed in', () => {
    expect(bufferedConflicts(usual, catalog)).toEqual([]);
    const typing = { ...usual, cohort: { ...usual.cohort, timing: { kind: 'buffered', atWork: '' } } };
    expect(bufferedConflicts(typing, catalog)).toEqual([]);
  });

  it.each([
    ['the form’s own settings', {}],
    ['differential privacy', { privacy: startPrivacy.client }],
    ['sealing', { aggregation: { ...usual.aggregation, rule: { name: 'mean' }, sealing: startSealing } }],
    ['ranks', { aggregation: { ...usual.aggregation, rule: { name: 'median', byzantine: 0 } } }],
    ['budgets in milliseconds', { budget: { kind: 'fixed', unit: 'milliseconds', amount: 9 } }],
    ['a history', { strategy: RunConfig.shape.strategy.parse({ name: 'adagrad-select' }) }],
  ] as const satisfies [string, Partial<RunConfig>][])(
    'names what stands against it, and the settings that fit can be sent: %s',
    (_what, more) => {
      const wished = buffered(more);
      expect(bufferedConflicts(wished, catalog).length).toBeGreaterThan(0);
      const fitting = bufferable(wished);
      expect(bufferedConflicts(fitting, catalog)).toEqual([]);
      expect(configErrors(fitting, catalog)).toEqual({});
      expect(fitting.cohort.timing).toEqual(wished.cohort.timing);
    },
  );

  it('too few at work are said beside the field', () => {
    const config = bufferable(buffered());
    const few = {
      ...config,
      cohort: { ...config.cohort, timing: { kind: 'buffered', atWork: 1, staleness: 10 } },
    };
    expect(configErrors(few, catalog)).toEqual({
      'cohort.timing.atWork': `At least ${config.cohort.goal}, the updates wanted.`,
    });
  });
});
