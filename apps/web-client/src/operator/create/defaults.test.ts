import { type Catalog, RunConfig, StrataError } from '@strata/fl-core/protocol';
import { describe, expect, it } from 'vitest';
import { catalogFixture } from '../testing/catalog.ts';
import { configErrors } from './config-errors.ts';
import { defaultConfig, preferredModel, sampleRun, usualSample } from './defaults.ts';

const catalog = catalogFixture();
const [text] = catalog.models;
if (text === undefined) throw new Error('the fixture has models');
const without = (changes: Partial<Catalog>): Catalog => ({ ...catalog, ...changes });

describe('defaultConfig', () => {
  it.each(catalog.models)('is a valid run of $id, with labels of its sample', (model) => {
    const config = defaultConfig(model, catalog.samples);
    expect(RunConfig.parse(config)).toEqual(config);
    expect(config.data.kind).toBe(model.kind);
    expect(config.labels).toEqual(catalog.samples.find((s) => s.id === config.data.sample)?.labels);
  });

  it.each(catalog.models.flatMap((model) => model.tasks.map((task) => ({ model, id: model.id, task }))))(
    'can be created as it is: $id for $task',
    ({ model, task }) => {
      const config = defaultConfig(model, catalog.samples, { task });
      expect(config.task.name).toBe(task);
      expect(configErrors(config, catalog)).toEqual({});
    },
  );

  it('offers only the samples that fit', () => {
    expect(defaultConfig(text, catalog.samples, { task: 'multi-label' })).toMatchObject({
      data: { kind: 'text', sample: null },
      labels: ['question', 'praise', 'complaint'],
    });
    const writer = { ...text, tasks: ['next-token' as const], maxTokens: 64 };
    expect(defaultConfig(writer, catalog.samples)).toMatchObject({
      data: { sample: 'wordnet' },
      task: { name: 'next-token', passage: 64 },
      labels: [],
    });
  });

  it('takes the first task where the wanted one cannot be had', () => {
    expect(defaultConfig(text, catalog.samples, { task: 'next-token' }).task.name).toBe('classification');
  });

  it('asks for own data when no sample fits', () => {
    expect(defaultConfig(text, []).data.sample).toBeNull();
    expect(
      usualSample(
        text,
        catalog.samples.filter((s) => s.kind === 'image'),
        'classification',
      ),
    ).toBeNull();
  });
});

describe('preferredModel', () => {
  it('prefers what is ready to what must be downloaded', () => {
    const models = catalog.models.map((m) =>
      m.id === 'use-lite' ? { ...m, availability: 'download' as const } : m,
    );
    expect(preferredModel(without({ models }))?.id).toBe('deit-tiny');
  });

  const only = (ready: readonly string[]) => {
    const models = catalog.models.map((m) => ({
      ...m,
      availability: ready.includes(m.id) ? ('ready' as const) : ('missing' as const),
    }));
    return preferredModel(without({ models }))?.id;
  };

  it('takes for images DeiT-tiny where it is ready, the ViT of the project where it is missing', () => {
    expect(only(['deit-tiny', 'vit-mini', 'vit-nano'])).toBe('deit-tiny');
    expect(only(['vit-mini', 'vit-nano'])).toBe('vit-mini');
  });

  it('never takes what is missing', () => {
    const models = catalog.models.map((m) => ({ ...m, availability: 'missing' as const }));
    expect(preferredModel(without({ models }))).toBeUndefined();
  });
});

describe('sampleRun', () => {
  it('is a test, which may have fewer participants than a study', () => {
    expect(sampleRun(catalog, 2).config).toMatchObject({ purpose: { kind: 'test' }, cohort: { minimum: 2 } });
  });

  it('waits for exactly the participants that are started with it', () => {
    const { config, sample } = sampleRun(catalog, 3);
    expect(RunConfig.parse(config)).toEqual(config);
    expect(config.cohort).toMatchObject({ goal: 3, minimum: 3 });
    expect(sample).toBe(config.data.sample);
  });

  it('says so when there is nothing to show', () => {
    expect(() => sampleRun(without({ samples: [] }), 3)).toThrow(StrataError);
  });
});
