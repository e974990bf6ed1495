import { trainedHead } from '@strata/fl-core/protocol';
import { expect, it } from 'vitest';
import { catalogFixture } from '../testing/catalog.ts';
import { configErrors, isAdvanced } from './config-errors.ts';
import { defaultConfig } from './defaults.ts';

const catalog = catalogFixture();
const [model] = catalog.models.filter((m) => m.id === 'deit-tiny');
if (model === undefined) throw new Error('the fixture has DeiT-tiny');
const good = defaultConfig(model, catalog.samples);

it('finds nothing wrong with the defaults', () => {
  expect(configErrors(good, catalog)).toEqual({});
});

it.each([
  [{ name: '  ' }, { name: 'Must not be empty.' }],
  [{ rounds: '' }, { rounds: 'Enter a number.' }],
  [{ rounds: 0 }, { rounds: 'At least 1.' }],
  [{ labels: ['one'] }, { labels: 'Two labels or more are needed.' }],
  [{ labels: ['one', 'one'] }, { labels: 'Labels must differ.' }],
  [{ labels: ['one', ''] }, { labels: 'Must not be empty.' }],
  [{ side: 50 }, { side: 'A multiple of 16.' }],
  [
    { strategy: { name: 'strata', lambda: -1, lambdaScale: 'relative' } },
    { 'strategy.lambda': 'At least 0.' },
  ],
  [
    { cohort: { goal: 2, minimum: 3, quorum: 0.5 } },
    { 'cohort.minimum': 'The minimum cannot exceed the goal.' },
  ],
  [
    { cohort: { goal: 3, minimum: 2, quorum: 0.5 } },
    {
      'cohort.minimum': 'A study needs 3 participants or more; mark the run as a test to try it with fewer.',
    },
  ],
  [{ purpose: { kind: 'test' }, cohort: { goal: 3, minimum: 2, quorum: 0.5 } }, {}],
  [
    { local: { ...good.local, optimizer: { name: 'adamw', learningRate: 0, weightDecay: 0 } } },
    { 'local.optimizer.learningRate': 'More than 0.' },
  ],
  [
    { budget: { kind: 'drawn', unit: 'layers', distribution: 'uniform', min: 3, max: 2 } },
    { 'budget.max': 'The largest budget cannot be below the smallest.' },
  ],
  [
    {
      budget: { kind: 'adaptive', unit: 'layers', deadline: 21, first: 1, max: 4 },
      deadlines: { ...good.deadlines, training: 20 },
    },
    { 'budget.deadline': 'At most 20, when training closes.' },
  ],
  [
    { selection: { every: 0, smoothing: 0 } },
    { 'selection.every': 'At least 1.', 'selection.smoothing': 'More than 0.' },
  ],
  [
    { aggregation: { ...good.aggregation, rule: { name: 'trimmed-mean', share: 0.5 } } },
    { 'aggregation.rule.share': 'Less than 0.5.' },
  ],
  [
    { aggregation: { ...good.aggregation, rule: { name: 'krum', byzantine: 1 } } },
    {
      'aggregation.rule.byzantine': 'Needs 5 updates a round (2 × 1 + 3); “Updates wanted” is 3.',
      'local.head.warmUp.kind': 'Needs a rule that takes means.',
    },
  ],
  [
    { aggregation: { ...good.aggregation, rule: { name: 'krum', byzantine: 0 } } },
    { 'local.head.warmUp.kind': 'Needs a rule that takes means.' },
  ],
  [
    {
      aggregation: { ...good.aggregation, rule: { name: 'krum', byzantine: 0 } },
      local: { ...good.local, head: trainedHead },
    },
    {},
  ],
  [{ task: { name: 'multi-label' } }, { task: 'This task is not for pictures.' }],
  [
    { task: { name: 'next-token', passage: 4 }, labels: [], data: { kind: 'text', sample: null } },
    { 'task.passage': 'At least 8.' },
  ],
  [
    { model: 'use-lite', task: { name: 'sequence-pair' }, data: { kind: 'text', sample: null } },
    { task: 'Universal Sentence Encoder Lite cannot be trained for this.' },
  ],
  [
    { model: 'use-lite', task: { name: 'multi-label' }, data: { kind: 'text', sample: 'wordnet' } },
    {
      'data.sample': 'This sample does not fit the task.',
      'local.head.warmUp.kind': 'For tasks with one label a sample.',
    },
  ],
])('puts %j next to its field', (change, errors) => {
  expect(configErrors({ ...good, ...change }, catalog)).toEqual(errors);
});

it('gives the server’s reason for a missing model', () => {
  const models = catalog.models.map((m) => ({
    ...m,
    availability: 'missing' as const,
    note: 'set STRATA_MODELS_DIR',
  }));
  expect(configErrors(good, { ...catalog, models })).toEqual({ model: 'set STRATA_MODELS_DIR' });
});

it('knows which fields are folded away', () => {
  expect(
    [
      'local.batchSize',
      'deadlines.training',
      'aggregation.rule.share',
      'selection.every',
      'side',
      'seed',
    ].every(isAdvanced),
  ).toBe(true);
  expect(['name', 'cohort.goal', 'strategy.lambda', 'budget.amount'].some(isAdvanced)).toBe(false);
});
