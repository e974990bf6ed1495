// @module-tag long
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { layoutOf, specAtFirst } from '@strata/fl-core/models/layouts';
import { type ImportedModel, type RunView, routes } from '@strata/fl-core/protocol';
import { strFromU8, unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { committed, startCrew } from '../testing/crew.ts';
import { TestServer } from '../testing/server.ts';
import { createModelSource } from './source.ts';

/** A LayersModel from the operator's disk: uploaded, trained by three clients, exported. */

const fixture = new URL(
  '../../../../packages/fl-core/src/models/architectures/layers-model/fixtures/network/',
  import.meta.url,
);
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({}, (blobs, dataDir) =>
    createModelSource({ blobs, modelsDir: null, cacheDir: join(dataDir, 'models') }),
  );
}, 120_000);
afterAll(() => server.close(), 60_000);

async function upload(id: string, files: Record<string, Blob | string>): Promise<ImportedModel> {
  for (const [name, body] of Object.entries(files)) {
    const params = { upload: id, file: name };
    expect(await server.operator.call(routes.uploadModelFile, { params, body })).toEqual({ file: name });
  }
  return server.operator.call(routes.finishUpload, { params: { upload: id }, body: {} });
}

const file = async (name: string) => new Blob([await readFile(new URL(name, fixture))]);
const files = async () => ({
  'model.json': await file('model.json'),
  'weights.bin': await file('weights.bin'),
});

describe('an uploaded LayersModel', () => {
  it('is trained by three clients and comes back as a LayersModel', async () => {
    const model = await upload('mine', await files());
    expect(model.source).toMatch(/^upload:[0-9a-f]{64}$/);
    const spec = specAtFirst(model);
    const { layers } = layoutOf(spec, 2);
    const { id, config } = await startCrew(server, [{}, {}, {}], {
      model: { source: model.source },
      side: 12,
      labels: ['cat', 'dog'],
      budget: { kind: 'fixed', amount: 2 },
    });
    const round = await committed(server, id, 2);
    expect(round.members.map((m) => m.mask?.length)).toEqual([2, 2, 2]);
    const view = await server.view(id);
    expect(view.layers.map((l) => l.name)).toEqual(layers.map((l) => l.name));
    // Nobody sends the moving statistics.
    const first = await initial(id);
    expect(round.checkpoint?.layers.frozen).toEqual(first.frozen);
    expect(round.checkpoint?.layers.head).not.toEqual(first.head);

    const zip = await server.operator.bytes(routes.modelFolder, { params: { run: id } });
    const out = unzipSync(new Uint8Array(await zip.arrayBuffer()));
    expect(Object.keys(out)).toEqual(['README.md', 'model.json', 'weights.bin']);
    const json = JSON.parse(strFromU8(out['model.json']!));
    expect(json).toMatchObject({ format: 'layers-model', userDefinedMetadata: { labels: config.labels } });
    expect(strFromU8(out['README.md']!)).toContain('tf.loadLayersModel');
    // What went out comes in: with its labels it keeps its classifier, and all values.
    const again = await upload('again', {
      'model.json': new Blob([new Uint8Array(out['model.json']!)]),
      'weights.bin': new Blob([new Uint8Array(out['weights.bin']!)]),
    });
    const next = await server.createRun({ ...config, model: again });
    expect(next.checkpoint.layers).toEqual(round.checkpoint?.layers);
  }, 60_000);

  it('as transformers saves one is taken, too', async () => {
    const vit = new URL('../../../vit/fixtures/vit/', fixture);
    const model = await upload('vit', {
      'config.json': new Blob([await readFile(new URL('config.json', vit))]),
      'model.safetensors': new Blob([await readFile(new URL('model.safetensors', vit))]),
    });
    expect(specAtFirst(model)).toMatchObject({ architecture: 'vit' });
  });

  it('that cannot be used is refused and forgotten', async () => {
    const { 'model.json': json } = await files();
    await expect(upload('broken', { 'model.json': json })).rejects.toMatchObject({
      code: 'bad-model',
      message: expect.stringMatching(/weights\.bin/),
    });
    const making = server.createRun({
      name: 'none',
      model: { source: `upload:${'0'.repeat(64)}` },
      data: { kind: 'image' },
      labels: ['a', 'b'],
      strategy: { name: 'full' },
    });
    await expect(making).rejects.toMatchObject({ code: 'bad-model', hint: 'Upload its files again.' });
  });

  it('for images of one side takes no other', async () => {
    const { source } = await upload('side', await files());
    const making = server.createRun({
      name: 'side',
      model: { source },
      side: 24,
      data: { kind: 'image' },
      labels: ['a', 'b'],
      strategy: { name: 'full' },
    });
    await expect(making).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringMatching(/12 pixels, not 24/),
    });
  });

  it.each([
    ['with a hidden name', 'x', '.env'],
    ['out of its folder', 'x', '../secret'],
    ['under no identifier', 'X!', 'model.json'],
  ])('is not taken %s', async (_, id, name) => {
    await expect(upload(id, { [name]: 'x' })).rejects.toMatchObject({ code: 'bad-request' });
  });
});

/** The layers of checkpoint 0. */
async function initial(id: string): Promise<RunView['checkpoint']['layers']> {
  const { rows } = await server.store.pool.query(
    'select layers from checkpoints where run = $1 and round = 0',
    [id],
  );
  return rows[0].layers;
}
