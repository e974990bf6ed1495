// @module-tag long
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { specAtFirst } from '@strata/fl-core/models/layouts';
import { decodeSafetensors, type RunConfigInput, routes } from '@strata/fl-core/protocol';
import { strFromU8, unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../testing/server.ts';
import { createModelSource } from './source.ts';
import { ModelFolder, serveFolder, tinyTokenizer } from './testing.ts';
import { vitMiniFile } from './vit-mini.ts';

/** Runs of models from files through the operator's API: made, looked at, exported. */

let folder: string;
let server: TestServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strata-imported-'));
  for (const name of ['bert', 'broken']) await mkdir(join(folder, name));
  const bert = await ModelFolder.copyOf('bert/fixtures/bert', join(folder, 'bert'));
  await bert.write('tokenizer.json', tinyTokenizer('bert'));
  const broken = await ModelFolder.copyOf('bert/fixtures/bert', join(folder, 'broken'));
  await broken.write('tokenizer.json', tinyTokenizer('bert'));
  await broken.changeTensors((tensors) => tensors.slice(1));
  server = await TestServer.start({}, (blobs, dataDir) =>
    createModelSource({
      blobs,
      modelsDir: folder,
      cacheDir: join(dataDir, 'models'),
      privateAllowed: true,
    }),
  );
}, 120_000);
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
}, 60_000);

const post = (run: Pick<RunConfigInput, 'model' | 'side' | 'data' | 'visibility'>) =>
  server.createRun({ name: 'Test', labels: ['no', 'yes'], strategy: { name: 'full' }, ...run });
const create = (source: string, more: Partial<RunConfigInput> = {}) =>
  post({
    // What a request says was found is not believed.
    model: {
      source,
      granularity: 'sublayer',
      found: { kind: 'transformers', config: {}, preprocessor: null, licence: 'mine' },
    },
    data: { kind: 'text' },
    ...more,
  });

describe('a run of a model from an address with a signature and a password', () => {
  it('has it, and shows neither to anybody: host and path alone', async () => {
    const files = await serveFolder(join(folder, 'bert'));
    const secret = 'c2lnbmF0dXJl';
    const source = `${files.url.replace('//', `//user:${secret}@`)}/files?sig=${secret}`;
    const { id, config } = await create(source, { visibility: 'listed' });
    const { url } = server;
    await server.command(id, 'start');
    expect(config.model).toMatchObject({ source: `${files.url}/files` });
    const open = await Promise.all(
      ['/api/public/runs', `/api/public/runs/${id}`, `/api/public/runs/${id}/manifest`].map(async (path) =>
        (await fetch(`${url}${path}`)).text(),
      ),
    );
    const zip = await server.operator.bytes(routes.modelFolder, { params: { run: id } });
    const card = strFromU8(unzipSync(new Uint8Array(await zip.arrayBuffer()))['README.md']!);
    const told = [
      ...open,
      card,
      JSON.stringify(await server.view(id)),
      JSON.stringify(await server.events(id)),
    ];
    expect(open.join()).toContain(new URL(files.url).host);
    expect(told.filter((text) => text.includes(secret))).toEqual([]);
    // The server itself had to send them.
    expect(files.requests).toContain(`/files/config.json`);
    await files.close();
  });
});

describe('a run of an imported model', () => {
  it('starts from its layers, knows its config and gives a folder back', async () => {
    const { id } = await create('folder:bert');
    const view = await server.view(id);
    expect(view.layers.map((l) => l.name)).toEqual([
      'embed',
      'blocks.0.attention',
      'blocks.0.feedforward',
      'blocks.1.attention',
      'blocks.1.feedforward',
      'head',
    ]);
    expect(view.config.model).toMatchObject({
      source: 'folder:bert',
      found: { config: { model_type: 'bert', hidden_size: 16 }, licence: null },
    });

    const zip = await server.operator.bytes(routes.modelFolder, { params: { run: id } });
    const files = unzipSync(new Uint8Array(await zip.arrayBuffer()));
    expect(Object.keys(files)).toEqual([
      'README.md',
      'config.json',
      'tokenizer.json',
      'load_strata.py',
      'model.safetensors',
    ]);
    expect(JSON.parse(strFromU8(files['config.json']!))).toMatchObject({
      architectures: ['BertForSequenceClassification'],
      id2label: { 0: 'no', 1: 'yes' },
    });
    expect(strFromU8(files['tokenizer.json']!)).toBe(tinyTokenizer('bert'));
    const out = decodeSafetensors(files['model.safetensors']!).tensors;
    const original = decodeSafetensors(await readFile(join(folder, 'bert/model.safetensors'))).tensors;
    expect(out.map((t) => t.name).sort()).toEqual(original.map((t) => t.name).sort());
    for (const { name, data } of original.filter((t) => !t.name.startsWith('classifier.'))) {
      expect(out.find((t) => t.name === name)?.data, name).toEqual(data);
    }
  });

  it('can be looked at before it is made', async () => {
    const look = (source: string) => server.operator.call(routes.findModel, { body: { source } });
    expect(specAtFirst(await look('folder:bert'))).toMatchObject({ kind: 'text', dim: 16, depth: 2 });
    await expect(look('folder:other')).rejects.toMatchObject({
      code: 'bad-model',
      message: expect.stringMatching(/no config\.json/),
    });
  });

  it.each([
    ['a tensor is missing', 'folder:broken', 'text', 'bad-model', /Tensor \S+ of layer \S+ is missing/],
    ['there is no such folder', 'folder:other', 'text', 'bad-model', /other has no config\.json/],
    ['the data is of another kind', 'folder:bert', 'image', 'bad-config', /bert takes text, not image/],
    ['the source makes no sense', 'somewhere', 'text', 'bad-config', /folder:NAME, hub:OWNER\/NAME or a URL/],
  ] as const)('is not made when %s', async (_, source, kind, code, message) => {
    const runs = async () => (await server.operator.call(routes.runs, {})).length;
    const before = await runs();
    await expect(create(source, { data: { kind } })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(await runs()).toBe(before);
  });
});

describe('a run of the committed ViT', () => {
  it('starts from its weights on a server with no pin, no Hub and no folder of it', async () => {
    const { id } = await post({ model: 'vit-mini', side: 48, data: { kind: 'image' } });
    const got = await server.operator.bytes(routes.checkpoint, { params: { run: id } });
    const out = new Map(
      decodeSafetensors(new Uint8Array(await got.arrayBuffer())).tensors.map((t) => [t.name, t.data]),
    );
    const committed = decodeSafetensors(await readFile(vitMiniFile)).tensors;
    for (const { name, data } of committed.filter((t) => !t.name.startsWith('head.'))) {
      expect(out.get(name), name).toEqual(data);
    }
    expect([...out.keys()].sort()).toEqual(committed.map((t) => t.name).sort());
  });
});
