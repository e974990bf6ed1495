import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { registerKernels } from '../../../kernels/index.ts';
import { decodeSafetensors } from '../../../protocol/index.ts';
import type { ImageBatch } from '../../batch.ts';
import { catalog } from '../../catalog.ts';
import { loadModel } from '../../load.ts';
import { classTargets } from '../../targets.ts';
import { run, upload } from '../../testing/run.ts';

const spec = catalog['vit-mini'];
const read = (file: string) =>
  readFileSync(new URL(`../../../../../../models/vit-mini/${file}`, import.meta.url));

/** Written by models/vit-mini/pretrain/export.py. */
const Reference = z.object({
  side: z.literal(spec.pretrainedSide),
  /** RGB bytes, base64. */
  pictures: z.array(z.string()).min(2),
  logits: z.array(z.array(z.number())),
});
const reference = Reference.parse(JSON.parse(read('reference.json').toString()));

beforeAll(() => {
  const wasm = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(`${dirname(wasm)}/`);
  registerKernels('wasm');
});

it('gives with the committed weights the logits of PyTorch within 1e-3 on wasm', async () => {
  await tf.setBackend('wasm');
  const { side, pictures, logits } = reference;
  const classes = logits[0]?.length ?? 0;
  const model = await loadModel(spec, { classes, side });
  const parameters = upload(decodeSafetensors(read('model.safetensors')).tensors);
  const size = pictures.length;
  const pixels = Buffer.concat(pictures.map((picture) => Buffer.from(picture, 'base64')));
  const batch: ImageBatch = {
    kind: 'image',
    size,
    side,
    pixels,
    targets: classTargets(new Int32Array(size)),
  };
  const got = tf.tidy(() => run(model, parameters, batch).x.dataSync());
  tf.dispose(parameters);
  const expected = logits.flat();
  expect(got.length).toBe(expected.length);
  expect(Math.max(...expected.map((v, i) => Math.abs(v - got[i]!)))).toBeLessThan(1e-3);
  // The pictures differ, and so must what is said of them: no constant passes.
  expect(new Set(logits.map((row) => row.indexOf(Math.max(...row)))).size).toBeGreaterThan(1);
});
