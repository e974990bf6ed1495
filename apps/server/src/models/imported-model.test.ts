import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReadableStream } from 'node:stream/web';
import { layoutOf, specAtFirst, specOf } from '@strata/fl-core/models/layouts';
import { decodeSafetensors, encodeSafetensors, RunConfig, StrataError } from '@strata/fl-core/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchFolder, type RemoteFolder } from './download.ts';
import { importModel, resolveModel } from './import-model.ts';
import { parseSource } from './imported-source.ts';
import { hubCommit, ModelFolder, memoryBlobs, serveFolder, tinyTokenizer } from './testing.ts';

let modelsDir: string;
let cacheDir: string;
let model: ModelFolder;
const closing: (() => Promise<void>)[] = [];

beforeEach(async () => {
  modelsDir = await mkdtemp(join(tmpdir(), 'strata-models-'));
  cacheDir = await mkdtemp(join(tmpdir(), 'strata-cache-'));
  await mkdir(join(modelsDir, 'tiny-bert'));
  model = await ModelFolder.copyOf('bert/fixtures/bert', join(modelsDir, 'tiny-bert'));
  await model.write('tokenizer.json', tinyTokenizer('bert'));
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await rm(modelsDir, { recursive: true });
  await rm(cacheDir, { recursive: true });
});

async function serve(folder = model.path) {
  const server = await serveFolder(folder);
  closing.push(() => server.close());
  return server;
}

const configOf = (source: string, labels = ['a', 'b', 'c']) =>
  RunConfig.parse({
    name: 'test',
    model: { source, granularity: 'sublayer' },
    data: { kind: 'text' },
    labels,
    strategy: { name: 'full' },
  });

/** As a run is created: look first, then store. */
async function imported(source = 'folder:tiny-bert', more: { hubUrl?: string; labels?: string[] } = {}) {
  const places = { modelsDir, cacheDir, hubUrl: more.hubUrl, privateAllowed: true };
  const wanted = configOf(source, more.labels);
  const config = {
    ...wanted,
    model: await resolveModel({ source, granularity: 'sublayer', found: null }, places),
  };
  const blobs = memoryBlobs();
  const stored = await importModel({ ...places, config, blobs });
  const tensors = Object.values(stored.layers).flatMap(
    ({ sha256 }) => decodeSafetensors(blobs.get(sha256)).tensors,
  );
  return { ...stored, config, blobs, tensors };
}

const look = (source = 'folder:tiny-bert') =>
  resolveModel({ source, granularity: 'sublayer', found: null }, { modelsDir, cacheDir });

/** The tokenizer of the folder with some parts changed. */
async function changeTokenizer(change: object): Promise<void> {
  await model.write('tokenizer.json', JSON.stringify({ ...JSON.parse(tinyTokenizer('bert')), ...change }));
}

/** The first tokens of the model and no others. */
async function changeVocabulary(size: number): Promise<void> {
  await model.changeConfig({ vocab_size: size });
  await model.changeTensors((all) =>
    all.map((t) =>
      t.name.endsWith('word_embeddings.weight')
        ? { ...t, shape: [size, 16], data: t.data.slice(0, size * 16) }
        : t,
    ),
  );
}

const newToken = (id: number) => ({
  id,
  content: '<new>',
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
});

describe('an imported model', () => {
  it('becomes one blob a layer with the values of the file, its head drawn for the labels', async () => {
    const { layers, tensors, config } = await imported();
    expect(Object.keys(layers)).toEqual(layoutOf(specOf(config), 3).layers.map((l) => l.name));
    expect(Object.keys(layers)).toContain('blocks.1.feedforward');
    for (const { name, data } of await model.tensors()) {
      const own = tensors.find((t) => t.name === name)?.data;
      expect(own !== undefined && data.every((v, i) => v === own[i]), name).toBe(
        !name.startsWith('classifier'),
      );
    }
  });

  it('keeps its classifier for a run with its own labels', async () => {
    await model.changeConfig({ id2label: { 1: 'dog', 0: 'cat', 2: 'cow' } });
    const { tensors, config } = await imported('folder:tiny-bert', { labels: ['cat', 'dog', 'cow'] });
    for (const { name, data } of await model.tensors()) {
      expect(tensors.find((t) => t.name === name)?.data, name).toEqual(data);
    }
    expect(JSON.stringify(config.model)).not.toContain('id2label');
  });

  it('is the same from a folder, a URL and the Hub', async () => {
    const { url } = await serve();
    const folder = await imported();
    const overHttp = await imported(`${url}/files`);
    const hub = await imported('hub:owner/name', { hubUrl: url });
    // Heads are drawn for the name of the model; all else is equal, to the byte.
    for (const other of [overHttp, hub]) {
      expect({ ...other.layers, head: null }).toEqual({ ...folder.layers, head: null });
    }
  });

  it('of the Hub is fetched once, pinned to its commit and needs no network after that', async () => {
    const { url, requests, close } = await serveFolder(model.path);
    const { config } = await imported('hub:owner/name', { hubUrl: url });
    expect(config.model).toMatchObject({ source: `hub:owner/name@${hubCommit}` });
    expect(requests.filter((path) => path.endsWith('/main'))).toHaveLength(1);
    await close();
    await imported(`hub:owner/name@${hubCommit}`, { hubUrl: url });
    expect(await readdir(cacheDir)).toEqual([`hub-owner--name-${hubCommit}`]);
  });

  it('may be sharded', async () => {
    const whole = await imported();
    await model.shard();
    expect((await imported()).layers).toEqual(whole.layers);
    const { url } = await serve();
    const remote = await imported(`${url}/files/`);
    expect({ ...remote.layers, head: null }).toEqual({ ...whole.layers, head: null });
  });

  it.each([
    ['BF16', (bits: number) => new Float32Array(Uint32Array.of(bits << 16).buffer)[0]],
    // IEEE 754-2019, 3.4, of normal numbers.
    ['F16', (b: number) => (b >> 15 ? -1 : 1) * 2 ** (((b >> 10) & 31) - 15) * (1 + (b & 1023) / 1024)],
  ] as const)('may have 16 bits a value: %s', async (dtype, value) => {
    const tensors = await model.tensors();
    await model.write('model.safetensors', withUpperHalves(encodeSafetensors(tensors), dtype));
    const { tensors: read } = await imported();
    const name = 'bert.embeddings.word_embeddings.weight';
    const all = new Uint32Array(tensors.find((t) => t.name === name)!.data.slice().buffer);
    expect([...read.find((t) => t.name === name)!.data]).toEqual([...all].map((bits) => value(bits >>> 16)));
  });

  it('of images takes the colours that transformers 5 writes into processor_config.json', async () => {
    await mkdir(join(modelsDir, 'tiny-vit'));
    const vit = await ModelFolder.copyOf('vit/fixtures/vit', join(modelsDir, 'tiny-vit'));
    await vit.write('preprocessor_config.json', JSON.stringify({ image_mean: [0, 0, 0] }));
    const own = { do_rescale: false, image_mean: [127.5, 127.5, 127.5], image_std: [255, 255, 255] };
    await vit.write('processor_config.json', JSON.stringify({ image_processor: own, processor_class: 'X' }));
    expect(specAtFirst(await look('folder:tiny-vit'))).toMatchObject({
      mean: [0.5, 0.5, 0.5],
      std: [1, 1, 1],
    });
    await vit.write('processor_config.json', JSON.stringify({ processor_class: 'X' }));
    expect(specAtFirst(await look('folder:tiny-vit'))).toMatchObject({ mean: [0, 0, 0] });
  });

  it('keeps no classifier that was trained for something else', async () => {
    await model.changeConfig({
      id2label: { 0: 'cat', 1: 'dog', 2: 'cow' },
      architectures: ['BertForTokenClassification'],
    });
    const { tensors } = await imported('folder:tiny-bert', { labels: ['cat', 'dog', 'cow'] });
    const own = (await model.tensors()).find(({ name }) => name === 'classifier.weight');
    expect(tensors.find(({ name }) => name === 'classifier.weight')?.data).not.toEqual(own?.data);
  });

  it('keeps no classifier whose outputs config.json numbers with gaps', async () => {
    await model.changeConfig({ id2label: { 0: 'cat', 1: 'dog', 5: 'cow' } });
    const { tensors } = await imported('folder:tiny-bert', { labels: ['cat', 'dog', 'cow'] });
    const own = (await model.tensors()).find(({ name }) => name === 'classifier.weight');
    expect(tensors.find(({ name }) => name === 'classifier.weight')?.data).not.toEqual(own?.data);
  });

  it('brings its tokenizer and the licence of its card', async () => {
    await model.write('README.md', '---\nlanguage: en\nlicense: apache-2.0\n---\n# A model\n');
    const { assets, blobs, config } = await imported();
    expect(Object.keys(assets)).toEqual(['tokenizer']);
    expect(new TextDecoder().decode(blobs.get(assets.tokenizer!))).toBe(tinyTokenizer('bert'));
    expect(specOf(config)).toMatchObject({ licence: 'apache-2.0', id: 'tiny-bert' });
  });
});

/** The same tensors with the upper 16 bits of each value, called values of `dtype`. */
function withUpperHalves(file: Uint8Array, dtype: 'BF16' | 'F16'): Uint8Array {
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
  for (const entry of Object.values<{ dtype: string; data_offsets: number[] }>(header)) {
    entry.dtype = dtype;
    entry.data_offsets = entry.data_offsets.map((n) => n / 2);
  }
  const json = Buffer.from(JSON.stringify(header).padEnd(length));
  const upper = new Uint16Array(file.slice(8 + length).buffer).filter((_, i) => i % 2 === 1);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(json.byteLength));
  return Buffer.concat([size, json, Buffer.from(upper.buffer)]);
}

describe('a model that cannot be imported', () => {
  const name = 'bert.encoder.layer.1.output.dense.weight';

  it.each<[string, () => Promise<void>, string | RegExp]>([
    ['a missing tensor', () => model.changeTensors((all) => all.filter((t) => t.name !== name)), name],
    [
      'a tensor of another shape',
      () => model.changeTensors((all) => all.map((t) => (t.name === name ? { ...t, shape: [24, 16] } : t))),
      `${name} has the shape [24,16]; the model needs [16,24]`,
    ],
    ['an architecture that is not built', () => model.changeConfig({ model_type: 'mamba' }), 'mamba'],
    ['a config.json without a field', () => model.changeConfig({ hidden_size: null }), 'hidden_size'],
    ['a config.json that is no JSON', () => model.write('config.json', '{'), 'config.json cannot be used'],
    [
      'a value that is not finite',
      () =>
        model.changeTensors((all) =>
          all.map((t) =>
            t.name === name ? { ...t, data: t.data.map((v, i) => (i === 7 ? Infinity : v)) } : t,
          ),
        ),
      /^Tensor bert\.encoder\.layer\.1\.output\.dense\.weight of .* cannot be read: element 7 is Infinity$/,
    ],
    ['no tokenizer', () => model.remove('tokenizer.json'), 'tiny-bert has no tokenizer.json'],
    ['no config.json', () => model.remove('config.json'), 'has no config.json'],
    ['no weights', () => model.remove('model.safetensors'), 'neither model.safetensors nor'],
    [
      'a file that is cut off',
      async () =>
        model.write(
          'model.safetensors',
          (await readFile(join(model.path, 'model.safetensors'))).subarray(0, 9000),
        ),
      'has 9000 bytes where its header announces',
    ],
    [
      'a shard that is not there',
      async () => {
        await model.shard();
        await model.remove('model-00002-of-00002.safetensors');
      },
      'model-00002-of-00002.safetensors',
    ],
    [
      'an index that is wrong',
      async () => {
        await model.shard();
        const weight_map = { [name]: 'model-00001-of-00002.safetensors' };
        await model.write('model.safetensors.index.json', JSON.stringify({ weight_map }));
      },
      `Tensor ${name} is not in`,
    ],
  ])('for %s is refused by name', async (_, spoil, message) => {
    await spoil();
    await expect(imported()).rejects.toMatchObject({
      code: 'bad-model',
      message: message instanceof RegExp ? expect.stringMatching(message) : expect.stringContaining(message),
    });
  });

  it.each([
    ['model.safetensors', 'model.safetensors'],
    ['tokenizer.json', 'tokenizer.json'],
    ['tokenizer_config.json', 'tokenizer_config.json'],
    ['config.json', 'config.json'],
  ])('for %s that git-lfs did not fetch is refused with the way to fetch it', async (_, file) => {
    await model.write(
      file,
      'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935\nsize 440449768\n',
    );
    await expect(look()).rejects.toMatchObject({
      code: 'bad-model',
      message: `${join(model.path, file)} is a git-lfs pointer: the file itself was not fetched.`,
      hint: expect.stringContaining('git lfs pull'),
    });
  });

  it.each([
    [
      'a page',
      '<!doctype html><html>',
      'is a text and no safetensors: it begins with "<!doctype html><html>"',
    ],
    ['an answer of the Hub', 'Entry not found', 'it begins with "Entry not found"'],
    [
      'a pickle by another name',
      'PK\u0003\u0004\0\0\0\0\0archive/data.pkl',
      'a PyTorch pickle, which is not opened',
    ],
  ])('for weights that are %s is refused as that', async (_, content, message) => {
    await model.write('model.safetensors', content);
    await expect(look()).rejects.toMatchObject({
      code: 'bad-model',
      message: expect.stringContaining(message),
    });
  });

  it.each<[string, () => Promise<void>, string | RegExp]>([
    [
      'that is empty',
      () => model.write('tokenizer.json', '{}'),
      /tokenizer\.json.* model: the model is missing: it is no tokenizer/,
    ],
    [
      'that is no JSON',
      () => model.write('tokenizer.json', '<html>'),
      /tokenizer\.json cannot be used: it is not JSON/,
    ],
    [
      'with a component that is not built',
      () => changeTokenizer({ pre_tokenizer: { type: 'UnicodeScripts' } }),
      'pre_tokenizer.type: the pre-tokenizer UnicodeScripts is not built',
    ],
    [
      'with tokens beyond the vocabulary',
      () => changeVocabulary(20),
      'The tokenizer.json of tiny-bert has tokens up to 30; vocab_size of its config.json is 20',
    ],
    [
      'with an added token beyond it',
      async () => {
        await changeTokenizer({ added_tokens: [newToken(31)] });
        await changeVocabulary(31);
      },
      'has tokens up to 31; vocab_size of its config.json is 31',
    ],
    [
      'of another case than its configuration says',
      () => model.write('tokenizer_config.json', JSON.stringify({ do_lower_case: false })),
      'do_lower_case false; normalizer.lowercase of tokenizer.json is true',
    ],
    [
      'with a special token that only a file beside it knows',
      () => model.write('special_tokens_map.json', JSON.stringify({ mask_token: '<mask>' })),
      'special_tokens_map.json names the mask_token "<mask>"',
    ],
    [
      'larger than is opened on the main thread, in which a component is not built',
      () => changeTokenizer({ decoder: { filler: 'x'.repeat(2 ** 16) }, normalizer: { type: 'Upper' } }),
      'normalizer.type: the normalizer Upper is not built',
    ],
  ])('for a tokenizer %s is refused before a run is made', async (_, spoil, message) => {
    await spoil();
    await expect(look()).rejects.toMatchObject({
      code: 'bad-model',
      message: message instanceof RegExp ? expect.stringMatching(message) : expect.stringContaining(message),
    });
  });

  it('for a larger tokenizer that works is not refused', async () => {
    await changeTokenizer({ decoder: { filler: 'x'.repeat(2 ** 16) } });
    await expect(look()).resolves.toMatchObject({ source: 'folder:tiny-bert' });
  });

  it('for weights that are whole numbers is refused by name', async () => {
    const file = await readFile(join(model.path, 'model.safetensors'));
    const text = file.toString('latin1').replaceAll('"F32"', '"I32"');
    await model.write('model.safetensors', Buffer.from(text, 'latin1'));
    await expect(imported()).rejects.toMatchObject({
      code: 'bad-model',
      message: expect.stringMatching(/^Tensor .* holds whole numbers \(I32\): the weights are quantized\.$/),
    });
  });

  it('for a head of GPT-2 that is no copy of its embeddings is refused, and one that is a copy taken', async () => {
    await mkdir(join(modelsDir, 'tiny-gpt2'));
    const gpt2 = await ModelFolder.copyOf('gpt2/fixtures/next-token', join(modelsDir, 'tiny-gpt2'));
    await gpt2.write('tokenizer.json', tinyTokenizer('gpt2'));
    const config = async () =>
      RunConfig.parse({
        name: 'test',
        data: { kind: 'text' },
        labels: [],
        strategy: { name: 'full' },
        model: await look('folder:tiny-gpt2'),
        task: { name: 'next-token' },
      });
    const store = async () =>
      importModel({ modelsDir, cacheDir, config: await config(), blobs: memoryBlobs() });
    const table = (await gpt2.tensors()).find(({ name }) => name === 'transformer.wte.weight')!;
    await gpt2.changeTensors((all) => [...all, { ...table, name: 'lm_head.weight' }]);
    await expect(store()).resolves.toBeDefined();
    await gpt2.changeTensors((all) =>
      all.map((t) => (t.name === 'lm_head.weight' ? { ...t, data: t.data.map((v) => v + 1) } : t)),
    );
    await expect(store()).rejects.toMatchObject({
      code: 'bad-model',
      message: expect.stringContaining('Tensor lm_head.weight differs from transformer.wte.weight'),
    });
  });

  it('for more parameters than a tab can train is refused before its weights are read', async () => {
    await model.changeConfig({ hidden_size: 8192, vocab_size: 100_000 });
    await model.remove('model.safetensors');
    await expect(imported()).rejects.toMatchObject({
      code: 'too-large',
      message: expect.stringMatching(/tiny-bert has \d+ million parameters/),
    });
  });

  it.each<[string, () => Promise<void>, string, string]>([
    ['an unknown architecture', () => model.changeConfig({ model_type: 'llama' }), 'bad-model', 'llama'],
    [
      'too many parameters',
      () => model.changeConfig({ hidden_size: 8192, vocab_size: 100_000 }),
      'too-large',
      'million',
    ],
    ['no tokenizer', () => model.remove('tokenizer.json'), 'bad-model', 'tokenizer.json'],
  ])('for %s is refused before its weights are downloaded', async (_, spoil, code, message) => {
    await spoil();
    const { url, requests } = await serve();
    for (const source of [`${url}/files`, 'hub:owner/name']) {
      await expect(imported(source, { hubUrl: url })).rejects.toMatchObject({
        code,
        message: expect.stringContaining(message),
      });
    }
    expect(requests.some((path) => path.endsWith('/config.json'))).toBe(true);
    expect(requests.filter((path) => path.endsWith('.safetensors'))).toEqual([]);
    expect(await readdir(cacheDir)).toEqual([]);
  });

  it('as a PyTorch pickle is refused with the way to convert it, on disk and elsewhere', async () => {
    await model.remove('model.safetensors');
    await model.write('pytorch_model.bin', 'pickle');
    const refusal = {
      code: 'bad-model',
      message: expect.stringContaining('pytorch_model.bin'),
      hint: expect.stringContaining('save_pretrained'),
    };
    await expect(imported()).rejects.toMatchObject(refusal);
    const { url, requests } = await serve();
    await expect(imported(`${url}/files`)).rejects.toMatchObject(refusal);
    await expect(imported('hub:owner/name', { hubUrl: url })).rejects.toMatchObject(refusal);
    expect(requests.filter((path) => path.includes('/resolve/') && path.endsWith('.bin'))).toEqual([]);
    expect(await readdir(cacheDir)).toEqual([]);
  });

  it.each([
    ['a path out of the folder', 'folder:../secrets', 'bad-config'],
    ['a hidden folder', 'folder:.ssh', 'bad-config'],
    ['a repository without owner', 'hub:bert', 'bad-config'],
    ['no URL', 'https://', 'bad-config'],
    ['a folder that is not there', 'folder:nothing', 'bad-model'],
    ['a server that is out of reach', 'http://127.0.0.1:1/model', 'unavailable'],
  ])('at %s is refused', async (_, source, code) => {
    await expect(
      resolveModel(
        { source, granularity: 'block', found: null },
        { modelsDir, cacheDir, privateAllowed: true },
      ),
    ).rejects.toMatchObject({ code });
  });

  it('of the Hub by a name that it does not have is not available', async () => {
    const { url } = await serve();
    await expect(imported('hub:owner/other', { hubUrl: url })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('owner/other at main'),
    });
  });

  it('by a server that has no folder of models says how to name one', async () => {
    const model = { source: 'folder:tiny-bert', granularity: 'block', found: null } as const;
    const error = await resolveModel(model, { modelsDir: null, cacheDir }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(StrataError);
    expect(error).toMatchObject({ hint: expect.stringContaining('STRATA_MODELS_DIR') });
  });

  it('with more bytes than are taken is refused with the file that was one too many, of which nothing stays', async () => {
    const remote: RemoteFolder = {
      name: 'large',
      has: async (file) => (await readdir(model.path)).includes(file),
      open: async (file) =>
        (await remote.has(file))
          ? (new Blob([await readFile(join(model.path, file))]).stream() as ReadableStream<Uint8Array>)
          : null,
    };
    await expect(fetchFolder(remote, join(cacheDir, 'large'), 5000)).rejects.toMatchObject({
      code: 'too-large',
      message: 'With model.safetensors, large has more than the 5000 bytes that are taken.',
    });
    expect(await readdir(cacheDir)).toEqual([]);
  });
});

describe('parseSource', () => {
  it('knows folders, repositories and URLs', () => {
    expect(parseSource('folder:a/b-1.0')).toEqual({ kind: 'folder', name: 'a/b-1.0' });
    expect(parseSource('hub:google-bert/bert-base-uncased')).toEqual({
      kind: 'hub',
      repository: 'google-bert/bert-base-uncased',
      revision: 'main',
    });
    expect(parseSource('hub:o/n@refs/pr/1')).toMatchObject({ revision: 'refs/pr/1' });
    expect(parseSource('https://example.org/m')).toMatchObject({ kind: 'url' });
  });
});
