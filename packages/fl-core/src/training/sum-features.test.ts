import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import * as library from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { inTriangle, type LabelMap, labelMapOf, type Sums, sumsIn } from '../closed-form/index.ts';
import type { ImageDataset, TextDataset } from '../data/datasets/index.ts';
import {
  drawnWeights,
  exampleModels,
  saveModel,
  specOfSaved,
} from '../models/architectures/layers-model/testing.ts';
import { catalog, layoutOf, loadModel, type ModelSpec, specFromConfig } from '../models/index.ts';
import { seededLayer } from '../models/testing/run.ts';
import type { NamedTensor } from '../protocol/safetensors.ts';
import { random } from '../random.ts';
import { chooseBackend } from './backend.ts';
import { finish } from './progress.ts';
import { smallText } from './testing-models.ts';
import { Trainer } from './trainer.ts';

const classes = 3;
const samples = 18;

function images(side: number): ImageDataset {
  const source = random('pictures to sum');
  const labels = Int32Array.from({ length: samples }, (_, i) => i % classes);
  const pixels = Uint8Array.from({ length: samples * side * side * 3 }, () => source.below(256));
  return { kind: 'image', side, pixels, labels };
}

function texts(): TextDataset {
  const source = random('texts to sum');
  const labels = Int32Array.from({ length: samples }, (_, i) => i % classes);
  const tokens = Array.from(labels, () =>
    Int32Array.from({ length: 3 + source.below(5) }, () => 10 + source.below(40)),
  );
  return { kind: 'text', tokens, labels };
}

const imported = (folder: string): ModelSpec => {
  const url = new URL(`../models/architectures/${folder}/config.json`, import.meta.url);
  return specFromConfig(JSON.parse(readFileSync(url, 'utf8')), { id: folder, granularity: 'block' });
};

const examples = exampleModels(library);
const saved = async (name: keyof typeof examples) => {
  const spec = specOfSaved(await saveModel(library, examples[name]()));
  const { layout } = await loadModel(spec, { classes, side: 12 });
  return { spec, values: drawnWeights(layout) };
};

type Case = readonly [
  name: string,
  data: ImageDataset | TextDataset,
  model: () => ModelSpec | Promise<{ spec: ModelSpec; values: readonly NamedTensor[] }>,
];
const cases: readonly Case[] = [
  ['vit-nano', images(32), () => catalog['vit-nano']],
  ['sentence encoder', texts(), () => smallText],
  ['vit/fixtures/deit', images(16), () => imported('vit/fixtures/deit')],
  ['clip/fixtures/clip', images(16), () => imported('clip/fixtures/clip')],
  ['clip/fixtures/patches', images(16), () => imported('clip/fixtures/patches')],
  ['bert/fixtures/bert', texts(), () => imported('bert/fixtures/bert')],
  ['roberta/fixtures/xlm-roberta', texts(), () => imported('roberta/fixtures/xlm-roberta')],
  ['distilbert/fixtures/distilbert', texts(), () => imported('distilbert/fixtures/distilbert')],
  ['LayersModel, plain', images(12), () => saved('plain')],
  ['LayersModel, residual', images(12), () => saved('residual')],
  ['LayersModel, convolutional', images(12), () => saved('convolutional')],
];

async function open(data: ImageDataset | TextDataset, made: Case[2]) {
  const found = await made();
  const [spec, values] = 'spec' in found ? [found.spec, found.values] : [found, null];
  const side = data.kind === 'image' ? data.side : 32;
  const layout = layoutOf(spec, classes);
  const trainer = new Trainer(await loadModel(spec, { classes, side }));
  const tensors = new Map<string, NamedTensor>();
  for (const layer of layout.layers) {
    const given = values
      ? layer.tensors.map((t) => values.find((v) => v.name === t.name)!)
      : seededLayer(spec, layout, layer.name, 1);
    for (const tensor of given) tensors.set(tensor.name, tensor);
    trainer.setLayer(layer.name, given);
  }
  return { layout, trainer, tensors };
}

/** The map as rows of its labels, a bias behind them: (C, D + 1). */
function rowsOf({ weight, bias, order, features }: LabelMap, tensors: ReadonlyMap<string, NamedTensor>) {
  const [w, b] = [tensors.get(weight.name)!.data, tensors.get(bias.name)!.data];
  return Array.from({ length: classes }, (_, c) => [
    ...Array.from({ length: features }, (_, j) =>
      order === 'out-in' ? w[c * features + j]! : w[j * classes + c]!,
    ),
    b[c]!,
  ]);
}

/** What the sums say of logits: mean of z_a z_b, and of z_a where the label is b. */
function saidOfLogits(rows: readonly number[][], { gram, labels }: Sums) {
  const n = rows[0]!.length;
  const g = (j: number, k: number) => gram[inTriangle(n, Math.min(j, k), Math.max(j, k))]!;
  const all = [...Array(n).keys()];
  return {
    products: rows.map((a) =>
      rows.map((b) => all.reduce((sum, j) => sum + a[j]! * all.reduce((s, k) => s + g(j, k) * b[k]!, 0), 0)),
    ),
    byLabel: rows.map((a) =>
      rows.map((_, c) => all.reduce((sum, j) => sum + a[j]! * labels[j * classes + c]!, 0)),
    ),
  };
}

describe('sums of what enters the head, on wasm', () => {
  beforeAll(async () => {
    await chooseBackend({ force: 'wasm' });
  });

  it.each(cases)(
    '%s: they say of the logits what the logits do, and no tensor is left',
    async (_, data, made) => {
      const { layout, trainer, tensors } = await open(data, made);
      const logits = await finish(trainer.predict(data, { batchSize: 4 }));
      const before = tf.memory().numTensors;
      const summed = await finish(trainer.sumFeatures(data, { batchSize: 4, maxBatches: 0, seed: 1 }));
      expect(tf.memory().numTensors).toBe(before);
      expect(summed.samples).toBe(samples);
      const said = saidOfLogits(rowsOf(labelMapOf(layout)!, tensors), sumsIn(summed.update));
      const size = Math.max(1e-6, ...logits.flatMap((z) => [...z].map(Math.abs)));
      for (let a = 0; a < classes; a++) {
        for (let b = 0; b < classes; b++) {
          const product = logits.reduce((sum, z) => sum + z[a]! * z[b]!, 0) / samples;
          const own = logits.filter((_, i) => data.labels[i] === b).reduce((sum, z) => sum + z[a]!, 0);
          expect(Math.abs(said.products[a]![b]! - product)).toBeLessThan(1e-4 * size ** 2);
          expect(Math.abs(said.byLabel[a]![b]! - own / samples)).toBeLessThan(1e-4 * size);
        }
      }
      trainer.dispose();
    },
  );

  it('a bound on the batches of training allows three times as many passes', async () => {
    const { trainer } = await open(images(32), () => catalog['vit-nano']);
    const few = await finish(trainer.sumFeatures(images(32), { batchSize: 2, maxBatches: 2, seed: 1 }));
    expect(few.samples).toBe(12);
    trainer.dispose();
  });

  it('refuses a head without a bias, typed', async () => {
    const { trainer } = await open(texts(), () => imported('gpt2/fixtures/classifier'));
    const job = finish(trainer.sumFeatures(texts(), { batchSize: 4, maxBatches: 0, seed: 1 }));
    await expect(job).rejects.toMatchObject({ code: 'bad-config' });
    trainer.dispose();
  });
});
