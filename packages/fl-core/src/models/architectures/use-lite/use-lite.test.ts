import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { registerKernels } from '../../../kernels/index.ts';
import { openDawn, startDawn } from '../../../kernels/testing/dawn.ts';
import { decodeSafetensors } from '../../../protocol/index.ts';
import { testData } from '../../../testing/data.ts';
import type { TextBatch } from '../../batch.ts';
import { catalog } from '../../catalog.ts';
import { loadModel } from '../../load.ts';
import type { Model } from '../../model.ts';
import { classTargets } from '../../targets.ts';
import { initialParameters, run, upload } from '../../testing/run.ts';
import type { UseLiteSpec } from './spec.ts';

const spec = catalog['use-lite'];
const data = testData('use-lite');

/** Rows of token ids, padded to the longest. */
function textBatch(rows: readonly (readonly number[])[]): TextBatch {
  const length = Math.max(1, ...rows.map((r) => r.length));
  return {
    kind: 'text',
    size: rows.length,
    length,
    ids: Int32Array.from(rows.flatMap((r) => [...r, ...Array<number>(length - r.length).fill(0)])),
    lengths: Int32Array.from(rows, (r) => r.length),
    targets: classTargets(new Int32Array(rows.length)),
  };
}

beforeAll(() => {
  const wasm = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(`${dirname(wasm)}/`);
  registerKernels('wasm');
  registerKernels('cpu');
});

describe.skipIf(data.lacking)(`Universal Sentence Encoder Lite, published weights${data.lacking}`, () => {
  const Reference = z.object({
    items: z.array(z.object({ ids: z.array(z.number()), embedding: z.array(z.number()) })),
  });

  it.for(['wasm', 'webgpu'] as const)(
    'gives the reference embeddings within 1e-5 on %s, in one padded batch',
    { timeout: 120_000 },
    async (backend, { skip }) => {
      if (backend === 'webgpu') {
        const dawn = await openDawn();
        if ('reason' in dawn) return skip(dawn.reason);
        registerKernels('webgpu');
        await startDawn(dawn);
      }
      await tf.setBackend(backend);
      const { items } = Reference.parse(JSON.parse(readFileSync(data.path('reference.json'), 'utf8')));
      expect(items.length).toBe(10);
      const { tensors } = decodeSafetensors(readFileSync(data.path('model.safetensors')));
      const model = await loadModel(spec, { classes: 2, side: 0 });
      const parameters = upload(tensors);
      const batch = textBatch(items.map((item) => item.ids));
      const result = tf.tidy(() => run(model, parameters, batch, 'pooling').x);
      const embeddings = await result.data();
      const expected = items.flatMap((item) => item.embedding);
      const error = Math.max(...expected.map((v, i) => Math.abs(v - embeddings[i]!)));
      console.log(`${backend}: largest error of the embeddings ${error.toExponential(1)}`);
      expect(expected.length).toBe(embeddings.length);
      expect(error).toBeLessThan(1e-5);
      tf.dispose([parameters, result]);
    },
  );
});

describe('a sentence encoder of toy size', () => {
  const tiny: UseLiteSpec = { ...spec, vocabulary: 9, embedding: 4, dim: 6, mlp: 5, heads: 2 };
  const batch = textBatch([[1, 2, 3, 4], [5, 6], [8]]);

  let model: Model;

  beforeAll(async () => {
    await tf.setBackend('cpu');
    model = await loadModel(tiny, { classes: 3, side: 0 });
  });

  it('has one stage a layer, in the order of its layout', () => {
    expect(model.stages.map((s) => s.layer)).toEqual(model.layout.layers.map((l) => l.name));
  });

  it('gives a row the same logits whatever it is padded with or batched beside', () => {
    const parameters = initialParameters(tiny, model);
    const logits = (rows: number[][]) =>
      tf.tidy(() => [...run(model, parameters, textBatch(rows)).x.dataSync()]);
    const together = logits([
      [1, 2],
      [3, 4, 5, 6, 7],
    ]);
    for (const [i, v] of logits([[1, 2]]).entries()) expect(together[i]).toBeCloseTo(v, 6);
    tf.dispose(parameters);
  });

  it('stays finite for a text without tokens', () => {
    const parameters = initialParameters(tiny, model);
    const logits = tf.tidy(() => [...run(model, parameters, textBatch([[]])).x.dataSync()]);
    expect(logits.every(Number.isFinite)).toBe(true);
    tf.dispose(parameters);
  });

  it('leaves no tensor behind (C4)', () => {
    const parameters = initialParameters(tiny, model);
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      run(model, parameters, batch);
    });
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose(parameters);
  });

  it('refuses tokens outside its vocabulary, images and a parameter that is not loaded', () => {
    const image = {
      kind: 'image',
      size: 1,
      side: 2,
      pixels: new Uint8Array(12),
      targets: classTargets(new Int32Array(1)),
    } as const;
    expect(() => model.input(textBatch([[9]]))).toThrow(/token 9/);
    expect(() => model.input(image)).toThrow(/kind image/);
    expect(() => tf.tidy(() => void run(model, {}, batch))).toThrow(/embeddings.weight was not loaded/);
  });
});
