import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { readFile } from 'node:fs/promises';
import { setBackend } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { registerKernels } from '../../../kernels/index.ts';
import { layersModelErrors } from '../../testing/layers-model.ts';

it.each(['cpu', 'wasm'] as const)(
  'a LayersModel is its PyTorch twin on %s, gradients too',
  async (backend) => {
    registerKernels(backend);
    await setBackend(backend);
    const errors = await layersModelErrors((file) =>
      readFile(new URL(`fixtures/network/${file}`, import.meta.url)),
    );
    const gradients = Object.entries(errors.gradients);
    expect(gradients).toHaveLength(15);
    expect(errors.logits).toBeLessThan(1e-4);
    expect(errors.loss).toBeLessThan(1e-4);
    for (const [name, error] of gradients) expect(error, name).toBeLessThan(1e-4);
    expect(errors.left).toBe(0);
  },
);
