import '@tensorflow/tfjs-backend-cpu';
import { getGradient, setBackend } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { registerKernels } from '../../../kernels/index.ts';
import { layersLibrary } from './library.ts';

it('loading the library leaves the gradients that were there, and adds those that were not', async () => {
  await setBackend('cpu');
  registerKernels('cpu');
  const own = ['BatchMatMul', 'FusedBatchNorm', 'Conv2D', 'MaxPool', 'Add', 'StrataLinear'];
  const before = own.map((kernel) => getGradient(kernel));
  expect(before.every((gradient) => gradient !== undefined)).toBe(true);
  expect(getGradient('Max')).toBeUndefined();
  await layersLibrary();
  own.forEach((kernel, i) => {
    expect(getGradient(kernel), kernel).toBe(before[i]);
  });
  expect(getGradient('Max')).toBeDefined();
});
