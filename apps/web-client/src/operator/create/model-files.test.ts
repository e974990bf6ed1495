import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import type { LocalFile } from '../../client/index.ts';
import { modelFiles } from './model-files.ts';

const local = (path: string, content: BlobPart = path): LocalFile => ({
  path,
  file: new File([content], path.slice(path.lastIndexOf('/') + 1)),
});
const read = async (files: readonly LocalFile[]) =>
  Promise.all((await modelFiles(files)).map(async ({ name, content }) => `${name}: ${await content.text()}`));

describe('modelFiles', () => {
  it('takes the files beside the topmost description, whatever the folder is called', async () => {
    const files = ['m/deep/config.json', 'm/model.json', 'm/a.bin', 'm/photo.png', 'm/.DS_Store', 'x/b.bin'];
    expect(await read(files.map((path) => local(path)))).toEqual([
      'model.json: m/model.json',
      'a.bin: m/a.bin',
    ]);
  });

  it('takes loose files', async () => {
    const files = ['config.json', 'model.safetensors', 'tokenizer.json'];
    expect((await modelFiles(files.map((path) => local(path)))).map((f) => f.name)).toEqual(files);
  });

  it('opens an archive, with a folder in it or without', async () => {
    const model = { 'model.json': strToU8('{}'), 'a.bin': strToU8('abc') };
    for (const content of [model, { mine: model }]) {
      const archive = local('mine.zip', new Uint8Array(zipSync(content)));
      expect(await read([archive])).toEqual(['model.json: {}', 'a.bin: abc']);
    }
  });

  it('takes a LayersModel as a browser saves it: by a name of its own, and numbered copies', async () => {
    const json = '{"modelTopology":{},"weightsManifest":[{"paths":["./mine.weights.bin"]}]}';
    const own = [local('mine.json', json), local('mine.weights.bin'), local('notes.json', '{}')];
    expect((await modelFiles(own)).map((f) => f.name)).toEqual([
      'model.json',
      'mine.weights.bin',
      'notes.json',
    ]);
    const copies = [local('model (1).json', json), local('mine.weights (12).bin')];
    expect((await modelFiles(copies)).map((f) => f.name)).toEqual(['model.json', 'mine.weights.bin']);
    const both = [local('model.json', json), local('model (1).json', '{}'), local('mine.weights.bin')];
    expect(await read(both)).toContain(`model.json: ${json}`);
  });

  it('says what is missing, and which archive is damaged', async () => {
    await expect(modelFiles([local('a.bin')])).rejects.toMatchObject({ code: 'bad-model' });
    await expect(modelFiles([local('mine.zip', 'no archive')])).rejects.toThrow(/mine\.zip .*damaged/);
  });
});
