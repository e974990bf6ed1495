import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { registerKernels } from '../../kernels/index.ts';
import { gradientError, normalTensor } from '../testing/gradients.ts';
import { cubicWeights, positionResizer } from './positions.ts';

/** Made by experiments/oracles/position-interpolation.py with PyTorch. */
const { cases, dim } = z
  .object({
    dim: z.number(),
    cases: z.array(
      z.object({
        from: z.number(),
        to: z.number(),
        embeddings: z.array(z.number()),
        resized: z.array(z.number()),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('./fixtures/bicubic.json', import.meta.url), 'utf8')));

beforeAll(async () => {
  registerKernels('cpu');
  await tf.setBackend('cpu');
});

describe('cubicWeights', () => {
  it('halves two samples as worked by hand', () => {
    // From 2 to 1 samples the centre lies between them (distances 0.5 and 1.5):
    // w(0.5) = 1.25/8 - 2.25/4 + 1 = 0.59375, w(1.5) = -0.09375, and edges are repeated.
    expect([...cubicWeights(2, 1)]).toEqual([0.5, 0.5]);
  });

  it.each([
    [14, 4],
    [3, 7],
    [5, 5],
  ])('spreads a weight of 1 over every output, %i to %i', (from, to) => {
    const weights = cubicWeights(from, to);
    for (let row = 0; row < to; row++) {
      const sum = weights.subarray(row * from, (row + 1) * from).reduce((a, b) => a + b, 0);
      expect(sum).toBeCloseTo(1, 12);
    }
  });
});

describe('positionResizer', () => {
  it.each(cases)('equals PyTorch bicubic from $from to $to', ({ from, to, embeddings, resized }) => {
    const token = [5, -7];
    const pretrained = tf.tensor3d([...token, ...embeddings], [1, 1 + from * from, dim]);
    const actual = positionResizer(from, to)(pretrained);
    expect(actual.shape).toEqual([1, 1 + to * to, dim]);
    const expected = [...token, ...resized];
    for (const [i, v] of actual.dataSync().entries()) expect(v).toBeCloseTo(expected[i]!, 6);
  });

  it('leaves the embeddings as they are on their own grid', () => {
    const pretrained = normalTensor('pretrained', [1, 5, 3]);
    expect(positionResizer(2, 2)(pretrained).dataSync()).toEqual(pretrained.dataSync());
  });

  it('has the right gradient', () => {
    const error = gradientError((x) => positionResizer(3, 2)(x!), [normalTensor('x', [1, 11, 2])]);
    expect(error).toBeLessThan(1e-3);
  });
});
