import { readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalog, layoutOf } from '@strata/fl-core/models/layouts';
import { decodeSafetensors, encodeSafetensors, type ModelId, RunConfig } from '@strata/fl-core/protocol';
import { testData } from '@strata/fl-core/testing/data';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { modelAvailability } from './availability.ts';
import { importModel } from './import-model.ts';
import { createModelSource } from './source.ts';
import { memoryBlobs } from './testing.ts';

const useLite = testData('use-lite');
const deitTiny = testData('deit-tiny');

const runConfig = (model: ModelId, seed = 1): RunConfig =>
  RunConfig.parse({
    name: 'test',
    model,
    seed,
    data: { kind: catalog[model].kind },
    labels: ['a', 'b', 'c'],
    strategy: { name: 'full' },
  });

let cacheDir: string;
let modelsDir: string;
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'strata-cache-'));
  modelsDir = await mkdtemp(join(tmpdir(), 'strata-models-'));
});
afterEach(async () => {
  await rm(cacheDir, { recursive: true });
  await rm(modelsDir, { recursive: true });
});

async function imported(model: ModelId, folder: string | null = null, seed = 1) {
  const blobs = memoryBlobs();
  const result = await importModel({ config: runConfig(model, seed), modelsDir: folder, cacheDir, blobs });
  const tensors = Object.values(result.layers).flatMap(({ sha256, bytes }) => {
    expect(blobs.get(sha256).byteLength).toBe(bytes);
    return decodeSafetensors(blobs.get(sha256)).tensors;
  });
  return { ...result, blobs, tensors: new Map(tensors.map((t) => [t.name, t])) };
}

const layerNames = (model: ModelId) => layoutOf(catalog[model], 3).layers.map((l) => l.name);

describe('importModel use-lite', () => {
  it.skipIf(useLite.lacking)(
    `gives the tensors of the checked safetensors file, bit for bit${useLite.lacking}`,
    async () => {
      const { tensors, layers } = await imported('use-lite');
      const { tensors: expected } = decodeSafetensors(readFileSync(useLite.path('model.safetensors')));
      expect(Object.keys(layers)).toEqual(layerNames('use-lite'));
      expect(expected.length).toBe(30);
      for (const { name, shape, data } of expected) {
        expect(tensors.get(name)?.shape, name).toEqual(shape);
        expect(Buffer.from(data.buffer).equals(Buffer.from(tensors.get(name)!.data.buffer)), name).toBe(true);
      }
      expect([...tensors.keys()].filter((name) => !expected.some((t) => t.name === name))).toEqual([
        'head.kernel',
        'head.bias',
      ]);
    },
  );

  it('brings the vocabulary, its lost scores as 0', async () => {
    const { assets, blobs } = await imported('use-lite');
    const vocabulary = z
      .array(z.tuple([z.string(), z.number()]))
      .parse(JSON.parse(new TextDecoder().decode(blobs.get(assets.vocab!))));
    expect(vocabulary.length).toBe(8000);
    expect(vocabulary[9]).toEqual(['\u2581the', -3.56637144089]);
    expect(vocabulary[658]).toEqual(['\u2581:)', 0]);
  });

  it('makes a head for the labels of the run that is zero whatever the seed, and nothing else', async () => {
    const [one, again, other] = [
      await imported('use-lite', null, 1),
      await imported('use-lite', null, 1),
      await imported('use-lite', null, 2),
    ];
    expect(one.tensors.get('head.kernel')?.shape).toEqual([512, 3]);
    expect(again.layers).toEqual(one.layers);
    expect(other.layers).toEqual(one.layers);
    expect(one.tensors.get('head.kernel')?.data.every((v) => v === 0)).toBe(true);
  });
});

describe('importModel vit-nano', () => {
  it('draws every layer but the classifier from the seed (R11)', async () => {
    const [one, again, other] = [
      await imported('vit-nano', null, 1),
      await imported('vit-nano', null, 1),
      await imported('vit-nano', null, 2),
    ];
    expect(Object.keys(one.layers)).toEqual(layerNames('vit-nano'));
    expect(again.layers).toEqual(one.layers);
    for (const layer of Object.keys(one.layers)) {
      const same = one.layers[layer]?.sha256 === other.layers[layer]?.sha256;
      expect(same, layer).toBe(layer === 'head');
    }
  });
});

describe('importModel with random weights', () => {
  it.each(['vit-mini', 'deit-tiny'] as const)(
    'draws every layer but the classifier of %s, and needs no file',
    async (model) => {
      const start = async (seed: number) => {
        const blobs = memoryBlobs();
        const config: RunConfig = { ...runConfig(model, seed), initial: 'random' };
        return (await importModel({ config, modelsDir, cacheDir, blobs })).layers;
      };
      const [one, again, other] = [await start(1), await start(1), await start(2)];
      const pretrained = model === 'vit-mini' ? (await imported(model)).layers : {};
      expect(Object.keys(one)).toEqual(layerNames(model));
      expect(again).toEqual(one);
      for (const [layer, { sha256 }] of Object.entries(one)) {
        expect(other[layer]?.sha256 === sha256, layer).toBe(layer === 'head');
        if (layer !== 'head') expect(pretrained[layer]?.sha256, layer).not.toBe(sha256);
      }
    },
  );

  it('keeps the vocabulary of the sentence encoder', async () => {
    const config: RunConfig = { ...runConfig('use-lite'), initial: 'random' };
    const { layers, assets } = await importModel({ config, modelsDir, cacheDir, blobs: memoryBlobs() });
    const pretrained = await imported('use-lite');
    expect(assets).toEqual(pretrained.assets);
    expect(layers.pooling?.sha256).not.toBe(pretrained.layers.pooling?.sha256);
  });
});

describe.skipIf(deitTiny.lacking)(`importModel deit-tiny${deitTiny.lacking}`, () => {
  const file = deitTiny.path('model.safetensors');

  it('keeps every pretrained tensor but the classifier', async () => {
    const { tensors, layers, assets } = await imported('deit-tiny', deitTiny.path('..'));
    expect(Object.keys(layers)).toEqual(layerNames('deit-tiny'));
    expect(assets).toEqual({});
    for (const { name, data } of decodeSafetensors(readFileSync(file)).tensors) {
      if (name.startsWith('head.')) expect(tensors.get(name)?.shape[0]).toBe(3);
      else
        expect(Buffer.from(data.buffer).equals(Buffer.from(tensors.get(name)!.data.buffer)), name).toBe(true);
    }
  });

  async function withTensors(
    change: (tensors: ReturnType<typeof decodeSafetensors>['tensors']) => typeof tensors,
  ) {
    const { tensors } = decodeSafetensors(readFileSync(file));
    await mkdir(join(modelsDir, 'deit-tiny'));
    await writeFile(join(modelsDir, 'deit-tiny/model.safetensors'), encodeSafetensors(change(tensors)));
  }

  it('names a missing tensor', async () => {
    await withTensors((tensors) => tensors.filter((t) => t.name !== 'blocks.7.attn.qkv.bias'));
    await expect(imported('deit-tiny', modelsDir)).rejects.toMatchObject({
      code: 'bad-model',
      message: expect.stringContaining('blocks.7.attn.qkv.bias of layer blocks.7 is missing'),
    });
  });

  it('names a tensor of another shape', async () => {
    await withTensors((tensors) => tensors.map((t) => (t.name === 'cls_token' ? { ...t, shape: [192] } : t)));
    await expect(imported('deit-tiny', modelsDir)).rejects.toMatchObject({
      code: 'bad-model',
      message: expect.stringContaining('cls_token has the shape [192]'),
    });
  });

  it('names a file that is cut off', async () => {
    await mkdir(join(modelsDir, 'deit-tiny'));
    await writeFile(
      join(modelsDir, 'deit-tiny/model.safetensors'),
      readFileSync(file).subarray(0, 1_000_000),
    );
    await expect(imported('deit-tiny', modelsDir)).rejects.toMatchObject({
      code: 'bad-model',
      message: expect.stringContaining(join(modelsDir, 'deit-tiny/model.safetensors')),
    });
  });

  it('is ready where the folder has it', async () => {
    await mkdir(join(modelsDir, 'deit-tiny'));
    await copyFile(file, join(modelsDir, 'deit-tiny/model.safetensors'));
    expect(await modelAvailability('deit-tiny', { modelsDir, cacheDir })).toEqual({
      availability: 'ready',
      note: '',
    });
  });
});

describe('createModelSource', () => {
  it('gives the round engine the layers of the layout', async () => {
    const source = createModelSource({ modelsDir: null, cacheDir, blobs: memoryBlobs() });
    const config = runConfig('vit-nano');
    const { layers } = await source.load(config);
    expect(Object.keys(layers)).toEqual(
      layoutOf(catalog['vit-nano'], config.labels.length).layers.map((l) => l.name),
    );
    expect(await source.availability('vit-nano')).toEqual({ availability: 'ready', note: '' });
  });
});

describe('a model that is not here', () => {
  it('says what to do about it, in the catalog and when a run is made', async () => {
    const { availability, note } = await modelAvailability('deit-tiny', { modelsDir, cacheDir });
    expect(availability).toBe('missing');
    expect(note).toMatch(/STRATA_MODELS_DIR.*STRATA_DEIT_TINY_SHA256/);
    await expect(imported('deit-tiny', modelsDir)).rejects.toMatchObject({
      code: 'bad-model',
      message: expect.stringContaining(join(modelsDir, 'deit-tiny/model.safetensors')),
      hint: note,
    });
  });

  it.each(['use-lite', 'vit-mini', 'vit-nano'] as const)('is not %s', async (id) => {
    expect(await modelAvailability(id, { modelsDir: null, cacheDir })).toEqual({
      availability: 'ready',
      note: '',
    });
  });
});
