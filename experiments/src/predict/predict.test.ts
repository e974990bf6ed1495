import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadModel } from '@strata/fl-core/models';
import {
  configJson,
  exportConfig,
  exportedTensors,
  exportLayersModel,
  exportPreprocessor,
  layoutOf,
  readLayersModel,
  specOf,
} from '@strata/fl-core/models/layouts';
import { seededLayer } from '@strata/fl-core/models/testing';
import { encodeSafetensors, type ModelChoice, type TaskName } from '@strata/fl-core/protocol';
import { random } from '@strata/fl-core/random';
import { finish, Trainer } from '@strata/fl-core/training';
import { PNG } from 'pngjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseOptions } from './options.ts';
import { type Prediction, predict } from './predict.ts';

/** That predictions are those of the run and of Python is in e2e/src/export.e2e.ts. */

const core = fileURLToPath(new URL('../../../packages/fl-core/src/', import.meta.url));
const labels = ['cat', 'dog', 'cow'];

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strata-predict-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The folder of an export with drawn weights. */
async function exported(model: ModelChoice, name: TaskName, side = 0): Promise<string> {
  const task = name === 'next-token' ? ({ name, passage: 16 } as const) : ({ name } as const);
  const config = { model, task, labels: name === 'next-token' ? [] : labels };
  const spec = specOf(config);
  const layout = layoutOf(spec, config.labels.length);
  const tensors = layout.layers.flatMap((layer) => seededLayer(spec, layout, layer.name, 1));
  const parts = tensors.flatMap((tensor) => {
    const named = exportedTensors(spec, tensor);
    const length = tensor.data.length / named.length;
    return named.map((part, i) => ({ ...part, data: tensor.data.slice(i * length, (i + 1) * length) }));
  });
  const target = join(folder, 'model');
  await mkdir(target);
  await writeFile(join(target, 'config.json'), configJson(exportConfig(config)));
  await writeFile(join(target, 'model.safetensors'), encodeSafetensors(parts, { format: 'pt' }));
  if (spec.kind === 'image' && spec.architecture !== 'layers-model') {
    await writeFile(join(target, 'preprocessor_config.json'), JSON.stringify(exportPreprocessor(spec, side)));
  }
  return target;
}

/** A BERT or GPT-2 of toy size, with its tokenizer. */
async function exportedText(
  name: TaskName,
  fixture = 'bert/fixtures/bert',
  vocabulary = 220,
): Promise<string> {
  const config = JSON.parse(
    await readFile(join(core, `models/architectures/${fixture}/config.json`), 'utf8'),
  );
  const found = {
    kind: 'transformers' as const,
    config: { ...config, vocab_size: vocabulary },
    preprocessor: null,
    licence: null,
  };
  const target = await exported({ source: 'folder:tiny', granularity: 'block', found }, name);
  const tokenizer = fixture.startsWith('bert') ? 'bert' : 'gpt2';
  await cp(
    join(core, `data/tokenizer/fixtures/hub/${tokenizer}.tokenizer.json`),
    join(target, 'tokenizer.json'),
  );
  return target;
}

async function write(path: string, content: string | Uint8Array): Promise<string> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  return file;
}

const run = (model: string, data: string) => predict({ model, data });
const places = (predictions: readonly Prediction[]) =>
  predictions.map(({ file, line }) => (line === undefined ? file : `${file}:${line}`));

describe('texts', () => {
  it('of a .txt file are lines, each with a probability of every label', async () => {
    const model = await exportedText('classification');
    const file = await write('texts.txt', 'the quick brown fox\r\n\r\nlazy dog\nfox\n');
    const { predictions, leftOut } = await run(model, file);
    expect(places(predictions)).toEqual(['texts.txt:1', 'texts.txt:3', 'texts.txt:4']);
    expect(leftOut).toEqual([]);
    for (const {
      labels: [label],
      probabilities,
    } of predictions) {
      const shares = Object.values(probabilities);
      expect(Object.keys(probabilities)).toEqual(labels);
      expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
      expect(probabilities[label!]).toBe(Math.max(...shares));
    }
  });

  it('of a table are its column of texts, and one alone has the same answer', async () => {
    const model = await exportedText('classification');
    const file = await write('t.csv', 'label,text\ncat,the quick brown fox jumps over it\ndog,lazy dog\n');
    const { predictions } = await run(model, file);
    expect(places(predictions)).toEqual(['t.csv:2', 't.csv:3']);
    const alone = await run(model, await write('one.txt', 'lazy dog'));
    const [, second] = predictions;
    for (const label of labels) {
      expect(alone.predictions[0]!.probabilities[label]).toBeCloseTo(second!.probabilities[label]!, 5);
    }
  });

  it('of a folder are its files; what is no table of texts is left out with the reason', async () => {
    const model = await exportedText('classification');
    await write('texts/a.txt', 'the quick\nbrown fox');
    await write('texts/b.csv', 'a,b,c\n1,2,3\n');
    await write('texts/.hidden/c.txt', 'x');
    const { predictions, leftOut } = await run(model, join(folder, 'texts'));
    expect(places(predictions)).toEqual(['a.txt']);
    expect(leftOut).toMatchObject([{ file: 'b.csv' }]);
  });

  it('of several labels have those that are likelier than not', async () => {
    const model = await exportedText('multi-label');
    const { predictions } = await run(model, await write('t.txt', 'the quick\nbrown\nfox'));
    for (const { labels: found, probabilities } of predictions) {
      expect(found).toEqual(labels.filter((label) => probabilities[label]! > 0.5));
    }
  });

  it('of pairs are two columns', async () => {
    const model = await exportedText('sequence-pair');
    const file = await write('t.csv', 'sentence1,sentence2,label\nthe fox,a dog,cat\nlazy,quick,dog\n');
    expect(places((await run(model, file)).predictions)).toEqual(['t.csv:2', 't.csv:3']);
    expect((await run(model, await write('t.txt', 'x'))).leftOut).toEqual([
      { file: 't.txt', reason: 'is no table: two texts a line are needed' },
    ]);
  });
});

describe('pictures', () => {
  it('are read by a browser; what it cannot decode is left out with the reason', async () => {
    const model = await exported('vit-nano', 'classification', 32);
    const png = (value: number) => {
      const image = new PNG({ width: 40, height: 30 });
      image.data.fill(255).fill(value, 0, 2400);
      return new Uint8Array(PNG.sync.write(image));
    };
    await write('pictures/b/2.png', png(90));
    await write('pictures/a/1.png', png(10));
    await write('pictures/notes.txt', 'hello');
    await write('pictures/@eaDir/1.png', png(10));
    const { predictions, leftOut } = await run(model, join(folder, 'pictures'));
    expect(places(predictions)).toEqual(['a/1.png', 'b/2.png']);
    expect(predictions[0]!.probabilities).not.toEqual(predictions[1]!.probabilities);
    expect(leftOut).toEqual([{ file: 'notes.txt', reason: 'is not a picture' }]);
  }, 60_000);
});

describe('a LayersModel', () => {
  it('comes back as it was exported', async () => {
    const source = join(core, 'models/architectures/layers-model/fixtures/network');
    const { found } = readLayersModel(
      JSON.parse(await readFile(join(source, 'model.json'), 'utf8')),
      'network',
    );
    const spec = specOf({
      model: { source: 'folder:network', granularity: 'block', found },
      task: { name: 'classification' },
    });
    if (spec.architecture !== 'layers-model') throw new TypeError(spec.architecture);
    const rng = random('weights');
    const tensors = layoutOf(spec, 3).layers.flatMap((layer) => layer.tensors);
    const values = tensors.map(({ shape }) =>
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0.2 + 0.1 * rng.normal()),
    );
    const model = JSON.stringify(exportLayersModel(spec, labels, tensors, spec.defaultSide));
    await write('model/model.json', model);
    await write('model/weights.bin', new Uint8Array(Buffer.concat(values.map((v) => Buffer.from(v.buffer)))));
    const image = new PNG({ width: 40, height: 30 });
    image.data.fill(255); // white at any size
    const file = await write('1.png', new Uint8Array(PNG.sync.write(image)));
    const { predictions } = await run(join(folder, 'model'), file);
    expect(places(predictions)).toEqual(['1.png']);

    const side = spec.defaultSide;
    const trainer = new Trainer(await loadModel(spec, { classes: 3, side }));
    for (const layer of layoutOf(spec, 3).layers) {
      const own = layer.tensors.map((tensor) => {
        const data = values[tensors.findIndex(({ name }) => name === tensor.name)]!;
        return { name: tensor.name, shape: tensor.shape, data };
      });
      trainer.setLayer(layer.name, own);
    }
    const pixels = new Uint8Array(side * side * 3).fill(255);
    const white = { kind: 'image', side, pixels, labels: new Int32Array(1) } as const;
    const [logits] = await finish(trainer.predict(white, { batchSize: 1 }));
    trainer.dispose();
    const powers = Array.from(logits!, (v) => Math.exp(v));
    const total = powers.reduce((a, b) => a + b, 0);
    powers.forEach((power, k) => {
      expect(predictions[0]!.probabilities[labels[k]!]).toBeCloseTo(power / total, 5);
    });
  }, 60_000);
});

describe('what cannot be run says so', () => {
  it('a model that continues texts', async () => {
    const model = await exportedText('next-token', 'gpt2/fixtures/next-token', 340);
    await expect(run(model, await write('t.txt', 'x'))).rejects.toThrow(/has no classes/);
  });

  it('what is no export, and one without a tensor', async () => {
    const file = await write('t.txt', 'x');
    await expect(run(file, file)).rejects.toThrow('t.txt is no model that a run of Strata exported.');
    const model = await exportedText('classification');
    await writeFile(join(model, 'model.safetensors'), encodeSafetensors([]));
    await expect(run(model, file)).rejects.toThrow(/missing|lack/);
    await expect(run(join(folder, 'nowhere'), file)).rejects.toThrow(/does not exist/);
  });
});

describe('the command line', () => {
  it('takes a model and data', () => {
    expect(parseOptions(['m.zip', 'data', '--json'])).toEqual({ model: 'm.zip', data: 'data', json: true });
  });

  it.each([[[]], [['m.zip']], [['m.zip', 'a', 'b']], [['m.zip', 'a', '--fast']]])('refuses %j', (argv) => {
    expect(() => parseOptions(argv)).toThrow(/npm run --silent predict/);
  });
});
