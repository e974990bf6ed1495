import { expect, it } from 'vitest';
import { catalogFixture } from '../testing/catalog.ts';
import { defaultConfig } from './defaults.ts';
import { isNamed } from './named.ts';

const catalog = catalogFixture();
const [model] = catalog.models.filter(({ id }) => id === 'vit-mini');
if (model === undefined) throw new Error('no such model');
const config = defaultConfig(model, catalog.samples);

it('takes the name that model and sample give for nobody’s', () => {
  expect(config.name).toBe('ViT mini on Emoji');
  expect(isNamed(config, catalog)).toBe(false);
  const other = {
    ...config,
    name: 'ViT mini on Fashion-MNIST',
    data: { ...config.data, sample: 'fashion-mnist' as const },
  };
  expect(isNamed(other, catalog)).toBe(false);
  const own = { ...config, name: 'ViT mini on own data', data: { ...config.data, sample: null } };
  expect(isNamed(own, catalog)).toBe(false);
});

it('keeps what somebody typed', () => {
  expect(isNamed({ ...config, name: 'Owls' }, catalog)).toBe(true);
});
