import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { layoutOf, specAtFirst, specOf } from '@strata/fl-core/models/layouts';
import { decodeSafetensors, type ImportedModel, type NamedTensor, RunConfig } from '@strata/fl-core/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { importModel, resolveModel } from './import-model.ts';
import { hubCommit, memoryBlobs, serveFolder } from './testing.ts';
import { ManifestWeights } from './weights-manifest.ts';

/** LayersModels as they lie in a folder: the network of experiments/oracles/layers-model.py. */

const fixture = fileURLToPath(
  new URL(
    '../../../../packages/fl-core/src/models/architectures/layers-model/fixtures/network/',
    import.meta.url,
  ),
);
let modelsDir: string;
let cacheDir: string;
let folder: string;
const closing: (() => Promise<void>)[] = [];

beforeEach(async () => {
  modelsDir = await mkdtemp(join(tmpdir(), 'strata-layers-'));
  cacheDir = await mkdtemp(join(tmpdir(), 'strata-layers-cache-'));
  folder = join(modelsDir, 'small');
  await mkdir(folder);
  for (const file of ['model.json', 'weights.bin']) await cp(join(fixture, file), join(folder, file));
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  for (const path of [modelsDir, cacheDir]) await rm(path, { recursive: true });
});

const source = 'folder:small';
const look = (from = source, hubUrl?: string) =>
  resolveModel(
    { source: from, granularity: 'block', found: null },
    { modelsDir, cacheDir, hubUrl, privateAllowed: true },
  );

async function imported(from = source, labels = ['a', 'b', 'c'], hubUrl?: string) {
  const config = RunConfig.parse({
    name: 'test',
    model: await look(from, hubUrl),
    side: 12,
    data: { kind: 'image' },
    labels,
    strategy: { name: 'full' },
  });
  const blobs = memoryBlobs();
  const { layers } = await importModel({ config, blobs, modelsDir, cacheDir, hubUrl, privateAllowed: true });
  const tensors = new Map(
    Object.values(layers)
      .flatMap(({ sha256 }) => decodeSafetensors(blobs.get(sha256)).tensors)
      .map((t): [string, NamedTensor] => [t.name, t]),
  );
  return { config, layers, tensors };
}

interface Entry {
  name: string;
  readonly shape: number[];
  quantization?: unknown;
}
interface Json {
  weightsManifest: { paths: string[]; weights: Entry[] }[];
  userDefinedMetadata?: unknown;
}
async function change(how: (json: Json) => void): Promise<void> {
  const json: Json = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8'));
  how(json);
  await writeFile(join(folder, 'model.json'), JSON.stringify(json));
}

/** The weights of the fixture by name, read with nothing of the project. */
async function original(): Promise<{ name: string; values: Float32Array }[]> {
  const json: Json = JSON.parse(await readFile(join(fixture, 'model.json'), 'utf8'));
  const bytes = new Uint8Array(await readFile(join(fixture, 'weights.bin')));
  let at = 0;
  return json.weightsManifest[0]!.weights.map(({ name, shape }) => {
    const length = 4 * shape.reduce((a, b) => a * b, 1);
    at += length;
    return { name, values: new Float32Array(bytes.slice(at - length, at).buffer) };
  });
}

describe('a LayersModel', () => {
  it('becomes one blob a layer with the values of its shards; as many labels keep the classifier', async () => {
    const { layers, tensors, config } = await imported();
    expect(Object.keys(layers)).toEqual(layoutOf(specOf(config), 3).layers.map((l) => l.name));
    expect(Object.keys(layers)).toEqual(['frozen', 'stem', 'inner', 'depth', 'point', 'hidden', 'head']);
    const expected = await original();
    expect(tensors.size).toBe(expected.length);
    for (const { name, values } of expected) expect(tensors.get(name)?.data, name).toEqual(values);
  });

  it('gets a new classifier for other labels: another number, or other names than the file says', async () => {
    const kernel = (await original()).find((t) => t.name === 'answer/kernel')?.values;
    const { tensors } = await imported(source, ['a', 'b']);
    expect(tensors.get('answer/kernel')?.shape).toEqual([7, 2]);
    await change((json) => {
      json.userDefinedMetadata = { labels: ['x', 'y', 'z'] };
    });
    expect((await imported()).tensors.get('answer/kernel')?.data).not.toEqual(kernel);
    expect((await imported(source, ['x', 'y', 'z'])).tensors.get('answer/kernel')?.data).toEqual(kernel);
  });

  it('is the same from a folder, a URL and the Hub, and in shards', async () => {
    const whole = await imported();
    const bytes = await readFile(join(folder, 'weights.bin'));
    await writeFile(join(folder, 'a.bin'), bytes.subarray(0, 1001));
    await writeFile(join(folder, 'b.bin'), bytes.subarray(1001));
    await rm(join(folder, 'weights.bin'));
    await change((json) => {
      json.weightsManifest[0]!.paths = ['a.bin', 'b.bin'];
    });
    const server = await serveFolder(folder);
    closing.push(() => server.close());
    expect((await imported()).layers).toEqual(whole.layers);
    expect((await imported(`${server.url}/files`)).layers).toEqual(whole.layers);
    const hub = await imported('hub:owner/name', undefined, server.url);
    expect(hub.layers).toEqual(whole.layers);
    expect(hub.config.model).toMatchObject({ source: `hub:owner/name@${hubCommit}` });
  });

  it.each(['./weights.bin', '././weights.bin', './/weights.bin'])(
    'may name its shards as a browser saves them: %s',
    async (path) => {
      const whole = await imported();
      await change((json) => {
        json.weightsManifest[0]!.paths = [path];
      });
      expect((await imported()).layers).toEqual(whole.layers);
      const server = await serveFolder(folder);
      closing.push(() => server.close());
      expect((await imported(`${server.url}/files`)).layers).toEqual(whole.layers);
    },
  );

  it.each(['../weights.bin', './../weights.bin', '/weights.bin', 'a/weights.bin', './', ''])(
    'has shards beside it, and none at "%s"',
    async (path) => {
      await change((json) => {
        json.weightsManifest[0]!.paths = [path];
      });
      await expect(look()).rejects.toMatchObject({
        code: 'bad-model',
        message: expect.stringContaining('must be a file name'),
      });
    },
  );

  it('whose shard git-lfs did not fetch is refused with the way to fetch it', async () => {
    await writeFile(
      join(folder, 'weights.bin'),
      'version https://git-lfs.github.com/spec/v1\noid sha256:4d\n',
    );
    await expect(look()).rejects.toMatchObject({
      code: 'bad-model',
      message: expect.stringContaining('weights.bin is a git-lfs pointer'),
    });
  });

  it('may be quantized: to 8 and 16 bits as tfjs scales them, and to float16', async () => {
    const quantized = [
      { name: 'eight', shape: [3], dtype: 'float32', quantization: { dtype: 'uint8', scale: 0.5, min: -1 } },
      {
        name: 'sixteen',
        shape: [2],
        dtype: 'float32',
        quantization: { dtype: 'uint16', scale: 0.25, min: 2 },
      },
      { name: 'half', shape: [3], dtype: 'float32', quantization: { dtype: 'float16' } },
    ];
    const weightsManifest = [{ paths: ['q.bin'], weights: quantized }];
    await writeFile(join(folder, 'q.json'), JSON.stringify({ weightsManifest }));
    // 0, 2, 255; 1, 65535; 1, -2, 2^-14 in binary16.
    const bytes = [0, 2, 255, 1, 0, 255, 255, 0, 0x3c, 0, 0xc0, 0, 0x04];
    await writeFile(join(folder, 'q.bin'), Uint8Array.from(bytes));
    const weights = await ManifestWeights.open(join(folder, 'q.json'));
    expect([...(await weights.read('eight'))]).toEqual([-1, 0, 126.5]);
    expect([...(await weights.read('sixteen'))]).toEqual([2.25, 16385.75]);
    expect([...(await weights.read('half'))]).toEqual([1, -2, 2 ** -14]);
  });

  it.each<[string, () => Promise<void>, RegExp]>([
    ['a shard is missing', () => rm(join(folder, 'weights.bin')), /weights\.bin cannot be read/],
    [
      'a shard is too short',
      async () =>
        writeFile(join(folder, 'weights.bin'), (await readFile(join(folder, 'weights.bin'))).subarray(4)),
      /end before tensor answer\/bias/,
    ],
    [
      'a shard is too long',
      async () =>
        writeFile(
          join(folder, 'weights.bin'),
          Buffer.concat([await readFile(join(folder, 'weights.bin')), Buffer.alloc(8)]),
        ),
      /have 3592 bytes; its manifest needs 3584/,
    ],
    [
      'a tensor is missing',
      () =>
        change((json) => {
          json.weightsManifest[0]!.weights.find((w) => w.name === 'inner/kernel')!.name = 'other';
        }),
      /Tensor inner\/kernel of layer inner is missing/,
    ],
    [
      'a tensor has another shape',
      () =>
        change((json) => {
          json.weightsManifest[0]!.weights.find((w) => w.name === 'inner/kernel')!.shape.reverse();
        }),
      /inner\/kernel has the shape \[6,6,3,3\]; the model needs \[3,3,6,6\]/,
    ],
    [
      'weights are quantized in a way that tfjs does not know',
      () =>
        change((json) => {
          json.weightsManifest[0]!.weights[0]!.quantization = { dtype: 'int4' };
        }),
      /model\.json cannot be used.*/,
    ],
    [
      'a shard lies elsewhere',
      () =>
        change((json) => {
          json.weightsManifest[0]!.paths = ['../weights.bin'];
        }),
      /must be a file name/,
    ],
    ['model.json is no JSON', () => writeFile(join(folder, 'model.json'), '{'), /model\.json cannot be used/],
  ])('is refused when %s, before a run is made of it', async (_, spoil, message) => {
    await spoil();
    await expect(look()).rejects.toMatchObject({
      code: 'bad-model',
      message: expect.stringMatching(message),
    });
  });

  it('at a URL that lacks a shard is refused by its name and leaves nothing behind', async () => {
    await rm(join(folder, 'weights.bin'));
    const server = await serveFolder(folder);
    closing.push(() => server.close());
    await expect(look(`${server.url}/files`)).rejects.toThrow(/lacks the shard weights\.bin/);
    expect(await readdir(cacheDir)).toEqual([]);
  });

  it('is named in what the operator sees', async () => {
    const model = (await look()) as ImportedModel;
    expect(specAtFirst(model)).toMatchObject({ id: 'small', title: 'small_network', side: 12 });
  });
});
