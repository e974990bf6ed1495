import { freshHead, type TaskName, trainedHead } from '@strata/fl-core/protocol';
import { expect, it } from 'vitest';
import { catalogFixture } from '../testing/catalog.ts';
import { type CatalogModel, defaultConfig } from './defaults.ts';
import { switchTask } from './switch-task.ts';

const { models, samples } = catalogFixture();
const all: TaskName[] = ['classification', 'multi-label', 'sequence-pair', 'next-token'];
const model: CatalogModel = { ...models[0]!, tasks: all };
const start = defaultConfig(model, samples);

it('brings the sample of the task, or examples of its labels', () => {
  expect(start).toMatchObject({ data: { sample: 'wordnet' }, labels: ['artifact', 'person'] });
  expect(switchTask(start, model, samples, 'multi-label')).toEqual({
    name: 'Universal Sentence Encoder Lite on own data',
    task: { name: 'multi-label' },
    data: { kind: 'text', sample: null },
    labels: ['question', 'praise', 'complaint'],
    local: { ...start.local, head: trainedHead },
  });
  expect(switchTask(start, model, samples, 'next-token')).toMatchObject({
    task: { name: 'next-token', passage: 128 },
    data: { sample: 'wordnet' },
    labels: [],
  });
});

it('comes back to where it was', () => {
  for (const between of all) {
    const other = { ...start, ...switchTask(start, model, samples, between) };
    const { name, task, data, labels, local } = start;
    expect(switchTask(other, model, samples, 'classification'), between).toEqual({
      name,
      task,
      data,
      labels,
      local,
    });
  }
});

it('computes a fresh head where a sample has one label, trains it where it has several, and lets one that came with the model alone, unless somebody chose otherwise', () => {
  expect(start.local.head).toEqual(freshHead);
  const { local } = switchTask(start, model, samples, 'next-token');
  expect(local).toEqual({
    ...start.local,
    head: { rate: 1, warmUp: { kind: 'trained', rounds: 0, epochs: 5 } },
  });
  const chosen = {
    ...start.local,
    head: { rate: 3, warmUp: { kind: 'trained', rounds: 2, epochs: 1 } as const },
  };
  expect(switchTask({ ...start, local: chosen }, model, samples, 'next-token').local).toEqual(chosen);
});

it('keeps labels that somebody typed, and the choice of own data', () => {
  const typed = { ...start, data: { ...start.data, sample: null }, labels: ['left', 'right'] };
  expect(switchTask(typed, model, samples, 'sequence-pair')).toMatchObject({
    data: { sample: null },
    labels: ['left', 'right'],
  });
  const own = { ...start, data: { ...start.data, sample: null }, labels: ['yes', 'no'] };
  expect(switchTask(own, model, samples, 'next-token')).toMatchObject({ data: { sample: null }, labels: [] });
});
