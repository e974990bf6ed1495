import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import type { ModelSpec } from '../spec.ts';

vi.mock('@tensorflow/tfjs-core', () => {
  throw new Error('TensorFlow.js was loaded.');
});

const { architectures, catalog, layoutOf, specFromConfig, usualTokenizer } = await import('../layouts.ts');
const here = new URL('.', import.meta.url);
const folders = readdirSync(here, { withFileTypes: true }).filter((entry) => entry.isDirectory());

describe('architectures', () => {
  it('need no TensorFlow.js but for their forward functions', async () => {
    expect(layoutOf(catalog['vit-nano'], 2).layers).toHaveLength(6);
    await expect(import('./vit/forward.ts')).rejects.toThrow();
  });

  it('are the folders here, each with its forward functions', () => {
    expect(folders.map(({ name }) => name).toSorted()).toEqual(
      architectures.map(({ name }) => name).toSorted(),
    );
    for (const { name } of architectures) {
      const forward = readFileSync(new URL(`${name}/forward.ts`, here), 'utf8');
      expect(forward).toMatch(/^export const createModel: CreateModel</m);
    }
  });

  it('read each model_type once', () => {
    const types = architectures.flatMap(({ transformers }) => transformers?.modelTypes ?? []);
    expect(new Set(types).size).toBe(types.length);
    for (const model_type of types) {
      // Known, and then looked at: nothing else is in the file.
      expect(() => specFromConfig({ model_type }, { id: 'a' })).not.toThrow(/architecture/);
    }
  });

  it('of texts say what opens the tokenizer of each model_type, and of nothing else', () => {
    for (const { kind, transformers } of architectures) {
      const types = kind === 'text' ? (transformers?.modelTypes ?? []) : [];
      expect(Object.keys(transformers?.tokenizers ?? {})).toEqual(types);
      for (const type of types) expect(usualTokenizer(type)).toBe(transformers?.tokenizers?.[type]);
    }
    expect(usualTokenizer('vit')).toBeNull();
  });

  it.each(architectures.map((each) => [each.name, each] as const))(
    '%s says of itself what people read',
    (_, each) => {
      expect(each.title.trim()).toBe(each.title);
      expect(each.text).toMatch(/^[A-Z].*\.$/);
      expect(each.source).not.toBe('');
      expect(each.tasks).toContain('classification');
    },
  );

  it('refuse the spec of another one', () => {
    const [vit, bert] = ['vit', 'bert'].map((name) => architectures.find((each) => each.name === name)!);
    const spec: ModelSpec = catalog['vit-nano'];
    expect(vit!.has(spec)).toBe(true);
    expect(bert!.has(spec)).toBe(false);
    expect(() => bert!.layout(spec, 2)).toThrow('The model vit-nano is of vit, not of bert.');
  });
});
