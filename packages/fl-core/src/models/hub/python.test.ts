import '@tensorflow/tfjs-backend-cpu';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { batches } from '../../data/batches.ts';
import { toTextDataset } from '../../data/text-dataset.ts';
import { createHuggingFaceTokenizer } from '../../data/tokenizer/hugging-face.ts';
import { encodeSafetensors, type ModelChoice, type NamedTensor } from '../../protocol/index.ts';
import { random } from '../../random.ts';
import { layoutOf } from '../architecture.ts';
import type { Batch } from '../batch.ts';
import { loadModel } from '../create.ts';
import { initialLayer } from '../initial.ts';
import { elements } from '../layout.ts';
import type { TextModelSpec } from '../spec.ts';
import { specOf } from '../spec-of.ts';
import { run, upload } from '../testing/run.ts';
import { configJson, exportConfig, exportPreprocessor } from './config.ts';
import { exportedTensors } from './export.ts';

/**
 * What we export opens in transformers and gives the same logits: examples/python/load_strata.py on models of every
 * architecture with drawn weights. Needs a Python with torch, transformers, safetensors and pillow, named by
 * STRATA_PYTHON or on the path.
 */

const python = process.env.STRATA_PYTHON ?? 'python3';
const probe = spawnSync(python, ['-c', 'import torch, transformers, safetensors, PIL'], { encoding: 'utf8' });
const reason =
  probe.status === 0
    ? ''
    : ` (skipped: ${python} ${probe.error?.message ?? probe.stderr.trim().split('\n').at(-1)}; set STRATA_PYTHON)`;

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const script = path('../../../../../examples/python/load_strata.py');
const tokenizerFile = (name: string) => path(`../../data/tokenizer/fixtures/hub/${name}.tokenizer.json`);

const labels = ['cat', 'dog', 'cow'];
const Result = z.object({
  accuracy: z.number(),
  samples: z.number(),
  items: z.array(z.object({ label: z.string(), predicted: z.string(), logits: z.array(z.number()) })),
});

let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = mkdtempSync(join(tmpdir(), 'strata-export-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A model as a server finds it in a fixture's folder, with some of its fields changed. */
function found(fixture: string, change: Record<string, z.core.util.JSONType> = {}): ModelChoice {
  const config = JSON.parse(readFileSync(path(`../${fixture}/config.json`), 'utf8'));
  return {
    source: `folder:${fixture}`,
    granularity: 'block',
    found: { kind: 'transformers', config: { ...config, ...change }, preprocessor: null, licence: null },
  };
}

/** Weights larger than fresh ones, so that no part of the model is too small to be seen in the logits. */
function draw(model: ModelChoice): NamedTensor[] {
  const spec = specOf(model);
  const layout = layoutOf(spec, labels.length);
  return layout.layers
    .flatMap((layer) => initialLayer(spec, layout, layer.name, 1))
    .map((tensor) => {
      const rng = random('export', tensor.name);
      return { ...tensor, data: tensor.data.map((v) => v + 0.2 * rng.normal()) };
    });
}

/** The folder of an export, as the server writes it into a zip. */
function write(name: string, model: ModelChoice, tensors: readonly NamedTensor[], side: number): string {
  const spec = specOf(model);
  const target = join(folder, name);
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'config.json'), configJson(exportConfig(model, labels)));
  if (spec.kind === 'image' && spec.architecture !== 'layers-model') {
    writeFileSync(join(target, 'preprocessor_config.json'), JSON.stringify(exportPreprocessor(spec, side)));
  }
  const parts = tensors.flatMap((tensor) => {
    let at = 0;
    return exportedTensors(spec, tensor).map((part) => {
      const data = tensor.data.slice(at, at + elements(part.shape));
      at += data.length;
      return { ...part, data };
    });
  });
  writeFileSync(join(target, 'model.safetensors'), encodeSafetensors(parts, { format: 'pt' }));
  return target;
}

/** Seven random images, one PNG each in the folder of its label. */
function images(name: string, side: number): { data: string; batch: Batch } {
  const rng = random('images', side);
  const data = join(folder, `${name}-data`);
  const made = Array.from({ length: 7 }, (_, i) => ({
    label: i % 3,
    rgb: Uint8Array.from({ length: side * side * 3 }, () => rng.below(256)),
  })).sort((a, b) => (labels[a.label]! < labels[b.label]! ? -1 : 1));
  for (const [i, { label, rgb }] of made.entries()) {
    const png = new PNG({ width: side, height: side });
    png.data.fill(255);
    for (const [k, v] of rgb.entries()) png.data[Math.floor(k / 3) * 4 + (k % 3)] = v;
    mkdirSync(join(data, labels[label]!), { recursive: true });
    writeFileSync(join(data, labels[label]!, `${i}.png`), PNG.sync.write(png));
  }
  const batch: Batch = {
    kind: 'image',
    size: made.length,
    side,
    pixels: Uint8Array.from(made.flatMap(({ rgb }) => [...rgb])),
    labels: Int32Array.from(made, ({ label }) => label),
  };
  return { data, batch };
}

const texts = [
  'The quick brown fox',
  'a lazy dog, isn’t it?',
  'sea shells',
  'Größe 日本 😀',
  'x',
  'the '.repeat(40),
];

/** The same texts for Python, and as a batch of ours. */
function table(name: string, spec: TextModelSpec, tokenizer: string): { data: string; batch: Batch } {
  const file = tokenizerFile(tokenizer);
  cpSync(file, join(folder, name, 'tokenizer.json'));
  const data = join(folder, `${name}.csv`);
  writeFileSync(data, `text,label\n${texts.map((t, i) => `"${t}",${labels[i % 3]}`).join('\n')}\n`);
  const encode = createHuggingFaceTokenizer(JSON.parse(readFileSync(file, 'utf8')), {
    maxTokens: spec.maxTokens,
  });
  const classes = texts.map((_, i) => i % 3);
  const dataset = toTextDataset(texts, classes, encode, spec.maxTokens);
  const [batch] = batches({ ...dataset, kind: 'text' }, { batchSize: 100 });
  return { data, batch: batch! };
}

interface Case {
  readonly name: string;
  readonly model: ModelChoice;
  /** Image side, or the tokenizer of texts. */
  readonly input: number | string;
}

const cases: readonly Case[] = [
  { name: 'the built-in ViT', model: 'vit-nano', input: 32 },
  { name: 'the built-in ViT at another side', model: 'vit-nano', input: 48 },
  { name: 'DeiT', model: found('vit/fixtures/deit'), input: 16 },
  { name: 'CLIP', model: found('clip/fixtures/clip'), input: 16 },
  { name: 'BERT', model: found('bert/fixtures/bert', { vocab_size: 220 }), input: 'bert' },
  {
    name: 'XLM-RoBERTa',
    model: found('roberta/fixtures/xlm-roberta', { vocab_size: 150 }),
    input: 'xlm-roberta',
  },
  { name: 'RoBERTa', model: found('roberta/fixtures/roberta', { vocab_size: 340 }), input: 'roberta' },
  { name: 'DistilBERT', model: found('distilbert/fixtures/distilbert', { vocab_size: 220 }), input: 'bert' },
  { name: 'GPT-2', model: found('gpt2/fixtures/classifier', { vocab_size: 340 }), input: 'gpt2' },
];

interface Prepared {
  readonly folder: string;
  readonly data: string;
  readonly batch: Batch;
  readonly tensors: readonly NamedTensor[];
}

function prepare({ name, model, input }: Case): Prepared {
  const tensors = draw(model);
  const target = write(name, model, tensors, typeof input === 'number' ? input : 1);
  const made =
    typeof input === 'number' ? images(name, input) : table(name, specOf(model) as TextModelSpec, input);
  return { folder: target, tensors, ...made };
}

/** All models in one process: opening PyTorch takes many seconds. */
const evaluateAll = `
import json, pathlib, runpy, sys
evaluate = runpy.run_path(sys.argv[1])["evaluate"]
for model, data in json.load(sys.stdin):
    print("RESULT " + json.dumps(evaluate(pathlib.Path(model), pathlib.Path(data))))
`;

describe.skipIf(reason)(`an export in transformers${reason}`, () => {
  const prepared = new Map<string, Prepared>();
  let results: z.infer<typeof Result>[] = [];
  beforeAll(() => {
    for (const each of cases) prepared.set(each.name, prepare(each));
    const input = JSON.stringify([...prepared.values()].map(({ folder, data }) => [folder, data]));
    const printed = execFileSync(python, ['-c', evaluateAll, script], {
      input,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    results = printed
      .split('\n')
      .filter((line) => line.startsWith('RESULT '))
      .map((line) => Result.parse(JSON.parse(line.slice(7))));
  }, 300_000);

  it.each(cases.map((each, index) => ({ ...each, index })))(
    'gives our logits: $name',
    async ({ name, model, index }) => {
      const { batch, tensors } = prepared.get(name)!;
      const result = results[index]!;
      const side = batch.kind === 'image' ? batch.side : 1;
      const parameters = upload(tensors);
      const ready = await loadModel(specOf(model), { classes: labels.length, side });
      const ours = tf.tidy(() => run(ready, parameters, batch).x.arraySync()) as number[][];
      tf.dispose(parameters);
      expect(result.samples).toBe(batch.size);
      // Our batch has long texts first: rows are matched by their label and logits.
      const rows = Array.from(batch.labels, (label, row) => ({ label: labels[label]!, logits: ours[row]! }));
      for (const { label, logits } of rows) {
        const match = result.items.some(
          (item) => item.label === label && item.logits.every((v, i) => Math.abs(v - logits[i]!) < 1e-4),
        );
        expect(match, `${label} ${logits} among ${JSON.stringify(result.items)}`).toBe(true);
      }
      const right = rows.filter(({ label, logits }) => labels[logits.indexOf(Math.max(...logits))] === label);
      expect(result.accuracy).toBeCloseTo(right.length / batch.size, 10);
    },
  );

  it('prints the accuracy for people', () => {
    const { folder, data } = prepared.get('BERT')!;
    const printed = execFileSync(python, [script, folder, data], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const index = cases.findIndex(({ name }) => name === 'BERT');
    expect(printed.trim().split('\n').at(-1)).toBe(
      `accuracy ${results[index]!.accuracy.toFixed(4)} on ${texts.length} samples`,
    );
  }, 120_000);
});
