import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { registerKernels } from '../../../kernels/index.ts';
import { decodeSafetensors } from '../../../protocol/index.ts';
import { random } from '../../../random.ts';
import { testData } from '../../../testing/data.ts';
import type { ImageBatch } from '../../batch.ts';
import { catalog } from '../../catalog.ts';
import { loadModel } from '../../load.ts';
import { classTargets } from '../../targets.ts';
import { gradientError } from '../../testing/gradients.ts';
import { initialParameters, run, upload } from '../../testing/run.ts';
import type { VitSpec } from './spec.ts';

const deit = catalog['deit-tiny'];
const nano = catalog['vit-nano'];

const data = testData('deit-tiny');

/** Random RGB noise. */
function noise(size: number, side: number): ImageBatch {
  const rng = random('noise', size, side);
  const pixels = Uint8Array.from({ length: size * side * side * 3 }, () => rng.below(256));
  return { kind: 'image', size, side, pixels, targets: classTargets(new Int32Array(size)) };
}

beforeAll(() => {
  const wasm = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(`${dirname(wasm)}/`);
  registerKernels('wasm');
  registerKernels('cpu');
});

describe.skipIf(data.lacking)(`DeiT-tiny, pretrained weights, on wasm${data.lacking}`, () => {
  const Reference = z.object({
    items: z.array(z.object({ name: z.string(), input: z.string(), logits: z.array(z.number()) })),
  });

  it('gives the reference logits within 1e-3 at 224 pixels', async () => {
    await tf.setBackend('wasm');
    const { items } = Reference.parse(
      JSON.parse(readFileSync(data.path('reference/reference.json'), 'utf8')),
    );
    const photos = items.filter((item) => item.input.includes('.rgb.u8'));
    expect(photos.map((p) => p.name)).toEqual(['china', 'flower']);
    const model = await loadModel(deit, { classes: 1000, side: 224 });
    const parameters = upload(decodeSafetensors(readFileSync(data.path('model.safetensors'))).tensors);
    const pixels = Buffer.concat(
      photos.map((p) => readFileSync(data.path(`reference/${p.name}_224.rgb.u8`))),
    );
    const batch: ImageBatch = {
      kind: 'image',
      size: 2,
      side: 224,
      pixels,
      targets: classTargets(new Int32Array(2)),
    };
    const logits = tf.tidy(() => run(model, parameters, batch).x.dataSync());
    const expected = photos.flatMap((p) => p.logits);
    expect(expected.length).toBe(logits.length);
    const error = Math.max(...expected.map((v, i) => Math.abs(v - logits[i]!)));
    console.log(`DeiT-tiny: largest error of the logits ${error.toExponential(1)}`);
    expect(error).toBeLessThan(1e-3);
    tf.dispose(parameters);
  }, 120_000);
});

describe('a ViT of toy size', () => {
  const tiny: VitSpec = { ...nano, dim: 6, depth: 2, heads: 2, mlp: 5, patch: 2, pretrainedSide: 4 };

  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it.each([
    ['cpu', 4],
    ['cpu', 6],
    ['wasm', 6],
  ])('has the right gradient of every parameter on %s at %i pixels', async (backend, side) => {
    await tf.setBackend(backend);
    const model = await loadModel(tiny, { classes: 3, side });
    const parameters = initialParameters(tiny, model);
    const names = Object.keys(parameters);
    const logits = (...values: tf.Tensor[]) =>
      run(model, Object.fromEntries(names.map((name, i) => [name, values[i]!])), noise(1, side)).x;
    expect(gradientError(logits, Object.values(parameters), 2e-3)).toBeLessThan(3e-3);
    tf.dispose(parameters);
    await tf.setBackend('cpu');
  });

  it('leaves no tensor behind (C4)', async () => {
    const model = await loadModel(tiny, { classes: 3, side: 6 });
    const parameters = initialParameters(tiny, model);
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      run(model, parameters, noise(1, 6));
    });
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose(parameters);
  });

  it('refuses a side that is no multiple of the patch, text, and images of another side', async () => {
    await expect(loadModel(tiny, { classes: 3, side: 5 })).rejects.toThrow(/side of 5 pixels/);
    await expect(loadModel(tiny, { classes: 1, side: 4 })).rejects.toThrow(/1 classes/);
    const model = await loadModel(tiny, { classes: 3, side: 4 });
    expect(() => model.input(noise(1, 6))).toThrow(/images of 6 pixels/);
    const labels = new Int32Array(1);
    const targets = classTargets(labels);
    const text = { kind: 'text', size: 1, length: 1, ids: labels, lengths: labels, targets } as const;
    expect(() => model.input(text)).toThrow(/kind text/);
  });
});

describe.each([64, 96])('DeiT-tiny at %i pixels on wasm', (side) => {
  it('gives finite logits of the right shape and finite gradients, none of them zero', async () => {
    await tf.setBackend('wasm');
    const model = await loadModel(deit, { classes: 5, side });
    const parameters = initialParameters(deit, model);
    const names = Object.keys(parameters);
    const batch = noise(2, side);
    tf.tidy(() => {
      const logits = (...values: tf.Tensor[]) =>
        run(model, Object.fromEntries(names.map((name, i) => [name, values[i]!])), batch).x;
      const { value, grads } = tf.valueAndGrads((...values) => tf.mean(tf.square(logits(...values))))(
        Object.values(parameters),
      );
      expect(logits(...Object.values(parameters)).shape).toEqual([2, 5]);
      expect(Number.isFinite(value.dataSync()[0])).toBe(true);
      for (const [i, gradient] of grads.entries()) {
        const norm = tf.norm(gradient).dataSync()[0]!;
        expect(gradient.shape, names[i]).toEqual(parameters[names[i]!]!.shape);
        expect(norm > 0 && Number.isFinite(norm), `${names[i]}: ${norm}`).toBe(true);
      }
    });
    tf.dispose(parameters);
  }, 120_000);
});
