// @module-tag long
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeSafetensors, type NamedTensor, RunConfig, StrataError } from '@strata/fl-core/protocol';
import { lacking, python } from '@strata/fl-core/testing/python';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importModel, resolveModel } from './import-model.ts';
import { ModelFolder, memoryBlobs, tinyTokenizer } from './testing.ts';

/**
 * Folders that transformers writes, in each of the ways in which people find models. Needs a Python with torch,
 * transformers and safetensors, named by STRATA_PYTHON or on the path.
 */

const reason = lacking('torch', 'transformers', 'safetensors');

const write = `
import sys
from pathlib import Path
import torch, transformers
source, target = map(Path, sys.argv[1:])
load = transformers.BertForSequenceClassification.from_pretrained
load(source, dtype=torch.float16).save_pretrained(target / "shards", max_shard_size="8KB")
load(source, dtype=torch.bfloat16).save_pretrained(target / "bfloat16")
model = load(source)
model.config.save_pretrained(target / "pickle")
torch.save(model.state_dict(), target / "pickle" / "pytorch_model.bin")
`;
describe.skipIf(reason)(`a model that transformers saved${reason}`, () => {
  let folder: string;
  let original: NamedTensor[];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'strata-transformers-'));
    const source = await ModelFolder.copyOf('bert/fixtures/bert', await mkdtemp(join(folder, 'source-')));
    original = await source.tensors();
    execFileSync(python, ['-c', write, source.path, folder], { stdio: 'pipe' });
    for (const name of ['shards', 'bfloat16', 'pickle']) await addTokenizer(name);
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true }));

  const addTokenizer = (name: string) =>
    writeFile(join(folder, name, 'tokenizer.json'), tinyTokenizer('bert'));

  async function imported(name: string): Promise<Map<string, Float32Array>> {
    const places = { modelsDir: folder, cacheDir: folder };
    const wanted = RunConfig.parse({
      name: 'test',
      model: { source: `folder:${name}`, granularity: 'block' },
      data: { kind: 'text' },
      labels: ['a', 'b', 'c'],
      strategy: { name: 'full' },
    });
    const model = await resolveModel({ source: `folder:${name}`, granularity: 'block', found: null }, places);
    const config = { ...wanted, model };
    const blobs = memoryBlobs();
    const { layers } = await importModel({ ...places, config, blobs });
    const tensors = Object.values(layers).flatMap((l) => decodeSafetensors(blobs.get(l.sha256)).tensors);
    return new Map(tensors.map((t) => [t.name, t.data]));
  }

  /** All but the classifier, which is drawn for the run's labels. */
  function expectOriginal(
    tensors: ReadonlyMap<string, Float32Array>,
    tolerance: (value: number) => number,
  ): void {
    expect(tensors.size).toBe(original.length);
    for (const { name, data } of original.filter((t) => !t.name.startsWith('classifier.'))) {
      const read = tensors.get(name)!;
      expect(read.length, name).toBe(data.length);
      expect(
        data.every((v, i) => Math.abs(v - read[i]!) <= tolerance(v)),
        name,
      ).toBe(true);
    }
  }

  it('is read from float16 shards', async () => {
    const shards = (await readdir(join(folder, 'shards'))).filter((f) => f.endsWith('.safetensors'));
    expect(shards.length).toBeGreaterThan(1);
    expectOriginal(await imported('shards'), (v) => Math.max(2 ** -11 * Math.abs(v), 2 ** -25));
  });

  it('is read in bfloat16', async () => {
    expectOriginal(await imported('bfloat16'), (v) => 2 ** -8 * Math.abs(v));
  });

  it('is read after what the refusal of a pickle says was done', async () => {
    const refusal = await imported('pickle').catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: 'bad-model',
      message: expect.stringContaining('pytorch_model.bin'),
    });
    const { hint = '' } = refusal instanceof StrataError ? refusal : {};
    const program = /python -c "(.*)"$/.exec(hint)?.[1] ?? '';
    const places = { MODEL: join(folder, 'pickle'), FOLDER: join(folder, 'converted') };
    execFileSync(python, ['-c', program.replace(/MODEL|FOLDER/g, (p) => places[p as keyof typeof places])], {
      stdio: 'pipe',
    });
    await addTokenizer('converted');
    expectOriginal(await imported('converted'), () => 0);
  }, 60_000);
});
