// @module-tag long
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerKernels } from '../kernels/index.ts';
import { fixtures } from './testing/fixture.ts';
import { referenceErrors } from './testing/reference.ts';

const open = (folder: string) => async (file: string) =>
  readFileSync(new URL(`./architectures/${folder}/${file}`, import.meta.url));

beforeAll(() => {
  const wasm = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(`${dirname(wasm)}/`);
  registerKernels('wasm');
  registerKernels('cpu');
});

describe.each([
  ['cpu', 'block'],
  ['wasm', 'block'],
  ['wasm', 'sublayer'],
] as const)(
  'architectures against PyTorch on %s, one layer a %s where that can be chosen',
  (backend, granularity) => {
    beforeAll(async () => {
      await tf.setBackend(backend);
    });

    it.each(fixtures)('%s: logits, loss and the gradient of every parameter within 1e-4', async (folder) => {
      const before = tf.memory().numTensors;
      const cases = await referenceErrors(open(folder), granularity);
      expect(cases.length).toBeGreaterThan(0);
      for (const { logits, loss, gradients } of cases) {
        expect(logits).toBeLessThan(1e-4);
        expect(loss).toBeLessThan(1e-4);
        expect(Object.keys(gradients).length).toBeGreaterThan(20);
        for (const [name, error] of Object.entries(gradients)) expect(error, name).toBeLessThan(1e-4);
      }
      expect(tf.memory().numTensors).toBe(before);
    });
  },
);
