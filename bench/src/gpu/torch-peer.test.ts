// @module-tag long
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Dataset } from '@strata/fl-core/data';
import { loadModel, type ModelSpec } from '@strata/fl-core/models';
import { catalog } from '@strata/fl-core/models/layouts';
import { seededLayer } from '@strata/fl-core/models/testing';
import { encodeSafetensors, LocalConfig } from '@strata/fl-core/protocol';
import { random } from '@strata/fl-core/random';
import { lacking, python } from '@strata/fl-core/testing/python';
import { chooseBackend, Trainer } from '@strata/fl-core/training';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const reason = lacking('torch');
const script = fileURLToPath(new URL('./torch_peer.py', import.meta.url));
const classes = 3;
const steps = 10;
const learningRate = 1e-3;
const labels = [0, 1, 2, 0, 1];

const size = { dim: 16, depth: 2, heads: 2, mlp: 24, layerNormEps: 1e-6, activation: 'gelu' } as const;
/** Its position embeddings are of another grid than the images have. */
const vit: ModelSpec = {
  ...catalog['vit-nano'],
  ...size,
  tokens: 'class-and-distillation',
  patch: 4,
  pretrainedSide: 16,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};
const side = 12;
const text = { vocabulary: 40, maxTokens: 20, depth: 2 } as const;
const useLite: ModelSpec = { ...catalog['use-lite'], ...size, ...text, embedding: 8 };
const { id, title, description, licence } = useLite;
const bert: ModelSpec = {
  ...{ id, title, description, licence },
  ...size,
  ...text,
  architecture: 'bert',
  kind: 'text',
  granularity: 'block',
  activation: 'gelu-tanh',
  segments: 2,
  padToken: 3,
};

const draws = random('torch-peer');
const images: Dataset = {
  kind: 'image',
  side,
  pixels: Uint8Array.from({ length: labels.length * side * side * 3 }, () => draws.below(256)),
  labels: Int32Array.from(labels),
};
/** Rows of 16 tokens and fewer, which a batch pads to 16. */
const length = 16;
const lengths = [16, 9, 12, 1, 14];
const tokens = lengths.map((real) => Int32Array.from({ length: real }, () => draws.below(text.vocabulary)));
const texts: Dataset = { kind: 'text', tokens, labels: Int32Array.from(labels) };

const cases = [
  { spec: vit, data: images, top: ['blocks.1', 'head'] },
  { spec: bert, data: texts, top: ['blocks.1', 'head'] },
  { spec: useLite, data: texts, top: ['block1.attention', 'block1.feedforward', 'pooling', 'head'] },
];
const selections = [
  { name: 'all layers', below: 0, warm: false },
  { name: 'from the second block on', below: 1, warm: false },
  { name: 'from the second block on, kept activations', below: 1, warm: true },
];

interface Row {
  readonly part: string;
  readonly [field: string]: unknown;
}

describe.skipIf(reason)(`the PyTorch peer${reason}`, () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'strata-torch-peer-'));
    await chooseBackend({ force: 'wasm' });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const write = (name: string, bytes: Uint8Array): string => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };

  function runPeer(task: object): Row[] {
    const path = write('task.json', new TextEncoder().encode(JSON.stringify(task)));
    const out = execFileSync(python, [script, path], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  }

  /** A model with fresh weights: its trainer, and what the peer is told of it. */
  async function open({ spec, data, top }: (typeof cases)[number]) {
    const model = await loadModel(spec, { classes, side });
    const trainer = new Trainer(model);
    const layers = model.layout.layers.map(({ name }) => ({
      name,
      tensors: seededLayer(spec, model.layout, name, 1),
    }));
    for (const { name, tensors } of layers) trainer.setLayer(name, tensors);
    const weights = write(
      `${spec.architecture}.safetensors`,
      encodeSafetensors(layers.flatMap((layer) => layer.tensors)),
    );
    const trained = (below: number) => layers.filter(({ name }) => below === 0 || top.includes(name));
    return { trainer, weights, spec, data, trained };
  }

  const inputOf = (data: Dataset) => {
    if (data.kind === 'image') return { kind: 'image', side, pixels: write('pixels.bin', data.pixels) };
    const ids = new Int32Array(lengths.length * length);
    for (const [row, own] of tokens.entries()) ids.set(own, row * length);
    return { kind: 'text', length, lengths, ids: write('ids.bin', new Uint8Array(ids.buffer)) };
  };

  async function ourLosses(trainer: Trainer, data: Dataset, layers: string[]): Promise<number[]> {
    const optimizer = { name: 'adamw', learningRate };
    const local = LocalConfig.parse({ epochs: steps, batchSize: labels.length, optimizer });
    const losses: number[] = [];
    for await (const { loss } of trainer.train(data, { layers, local, seed: 1, prefixCacheBytes: 0 })) {
      losses.push(loss ?? Number.NaN);
    }
    return losses;
  }

  it('has the losses of our training on wasm', { timeout: 120_000 }, async () => {
    const opened = await Promise.all(cases.map(open));
    const rows = runPeer({
      ...{ seconds: 90, device: 'cpu', limits: false, products: [], compiled: [], measured: 1 },
      // Only a selection of that name gives its losses.
      models: selections.flatMap(({ name, below, warm }) =>
        opened.map(({ spec, weights, data, trained }) => ({
          ...{
            name: `${spec.architecture}, ${name}`,
            architecture: spec.architecture,
            spec,
            classes,
            weights,
          },
          ...{ input: inputOf(data), labels, learningRate, losses: steps },
          selections: [
            {
              ...{ name: 'full', warm, cut: below },
              tensors: trained(below).flatMap((layer) => layer.tensors.map((tensor) => tensor.name)),
            },
          ],
        })),
      ),
    });
    expect(rows.map((row) => row.reason).filter(Boolean)).toEqual([]);
    for (const { name, below } of selections) {
      for (const { spec, trainer, data, trained } of opened) {
        const layers = trained(below).map((layer) => layer.name);
        const expected = await ourLosses(trainer, data, layers);
        const row = rows.find((r) => r.model === `${spec.architecture}, ${name}`);
        const losses = row?.losses as number[];
        const error = Math.max(...expected.map((loss, i) => Math.abs(loss - losses[i]!)));
        console.log(`${spec.architecture}, ${name}: losses differ by ${error.toExponential(1)}`);
        expect(expected).toHaveLength(steps);
        expect(losses).toHaveLength(steps);
        expect(expected.at(-1)!).toBeLessThan(0.98 * expected[0]!);
        expect(error).toBeLessThan(1e-5);
      }
    }
    for (const { trainer } of opened) trainer.dispose();
  });

  it('gives rows of limits and products, and a reason for what it cannot do', () => {
    const task = { device: 'cpu', limits: true, compiled: [], measured: 1 };
    const product = { m: 64, n: 32, k: 48, transposeA: true, transposeB: false };
    const model = { name: 'none', architecture: 'vit', selections: [{ name: 'full', cut: 0 }] };
    const rows = runPeer({
      ...task,
      seconds: 60,
      products: [{ name: 'small', ...product }],
      models: [model],
    });
    const positive = expect.toSatisfy((value: number) => value > 0);
    expect(rows).toMatchObject([
      { part: 'torch', version: expect.any(String) },
      { part: 'limit', what: 'copy', unit: 'GB/s', value: positive },
      { part: 'limit', what: 'product float32', unit: 'GFLOP/s', value: positive },
      { part: 'product', name: 'small', m: 64, n: 32, k: 48, ms: positive, gflops: positive },
      { part: 'step', by: 'torch eager', model: 'none', selection: 'full', reason: expect.any(String) },
    ]);
  });

  it('ends at its deadline with a reason for each row that is left', () => {
    const rows = runPeer({
      ...{ seconds: 0, device: 'cpu', limits: true, compiled: [], measured: 1, models: [] },
      products: [],
    });
    expect(rows.map(({ part, reason }) => [part, reason])).toEqual(
      ['torch', 'limit', 'limit'].map((part) => [part, 'no time was left']),
    );
  });
});
