import { readFileSync } from 'node:fs';
import { readLayersModel } from '@strata/fl-core/models/layouts';
import { type ImportedModel, RunConfig } from '@strata/fl-core/protocol';
import { describe, expect, it } from 'vitest';
import { catalogFixture } from '../testing/catalog.ts';
import { chosenModel } from './chosen-model.ts';
import { configErrors } from './config-errors.ts';
import { defaultConfig } from './defaults.ts';

const catalog = catalogFixture();
const found = (fixture: string): ImportedModel => {
  const url = new URL(
    `../../../../../packages/fl-core/src/models/architectures/${fixture}/config.json`,
    import.meta.url,
  );
  const config = JSON.parse(readFileSync(url, 'utf8'));
  return {
    source: `folder:${fixture.split('/')[0]}`,
    granularity: 'sublayer',
    found: { kind: 'transformers', config, preprocessor: null, licence: null },
  };
};
const bert = found('bert/fixtures/bert');
const gpt2 = found('gpt2/fixtures/next-token');

describe('chosenModel', () => {
  it('is of the catalogue', () => {
    expect(chosenModel('use-lite', catalog)).toBe(catalog.models[0]);
  });

  it('describes what the server found at a source', () => {
    expect(chosenModel(bert, catalog)).toMatchObject({
      id: 'bert',
      kind: 'text',
      layers: ['blocks.0.attention', 'blocks.0.feedforward', 'blocks.1.attention', 'blocks.1.feedforward'],
      availability: 'ready',
    });
  });

  it('is nothing before the server has looked', () => {
    expect(chosenModel({ ...bert, found: null }, catalog)).toBeUndefined();
  });

  it('says what a family can be trained for', () => {
    expect(chosenModel(bert, catalog)?.tasks).toEqual(['classification', 'multi-label', 'sequence-pair']);
    expect(chosenModel(gpt2, catalog)).toMatchObject({
      tasks: ['classification', 'multi-label', 'next-token'],
      maxTokens: 20,
    });
  });

  it('takes the side of a LayersModel, and no other', () => {
    const file = new URL(
      '../../../../../packages/fl-core/src/models/architectures/layers-model/fixtures/network/model.json',
      import.meta.url,
    );
    const { found } = readLayersModel(JSON.parse(readFileSync(file, 'utf8')), 'network');
    const network: ImportedModel = { source: 'folder:network', granularity: 'block', found };
    const model = chosenModel(network, catalog)!;
    expect(model).toMatchObject({ kind: 'image', defaultSide: 12, sideMultiple: 12, largestSide: 12 });
    const config = defaultConfig(model, catalog.samples, { choice: { ...network, pixels: 'signed' } });
    expect(configErrors(config, catalog)).toEqual({});
    expect(configErrors({ ...config, side: 24 }, catalog)).toEqual({ side: 'Only 12.' });
  });

  it('asks what pixels go into a LayersModel as, unless its file or the operator says it', () => {
    const layers = readLayersModel(
      JSON.parse(
        readFileSync(
          new URL(
            '../../../../../packages/fl-core/src/models/architectures/layers-model/fixtures/network/model.json',
            import.meta.url,
          ),
          'utf8',
        ),
      ),
      'network',
    ).found;
    const errors = (model: ImportedModel) =>
      configErrors(defaultConfig(chosenModel(model, catalog)!, catalog.samples, { choice: model }), catalog);
    const silent: ImportedModel = { source: 'folder:network', granularity: 'block', found: layers };
    expect(errors(silent)).toEqual({ 'model.pixels': 'Choose what the model takes.' });
    expect(errors({ ...silent, pixels: 'bytes' })).toEqual({});
    expect(errors({ ...silent, found: { ...layers, pixels: 'signed' } })).toEqual({});
    expect(chosenModel({ ...silent, pixels: 'signed' }, catalog)?.description).toContain('from -1 to 1');
  });

  it('makes a configuration without errors', () => {
    const model = chosenModel(bert, catalog)!;
    const config = defaultConfig(model, catalog.samples, { choice: bert });
    expect(RunConfig.parse(config).model).toEqual(bert);
    expect(configErrors(config, catalog)).toEqual({});
  });
});
