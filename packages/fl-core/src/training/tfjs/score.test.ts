import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import type { ScoreKind } from '../../protocol/selection-config.ts';
import { TfjsGradients } from './activation.ts';
import { scoreOf } from './score.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});
beforeEach(() => {
  const tensors = tf.memory().numTensors;
  return () => expect(tf.memory().numTensors).toBe(tensors);
});

/** The score of a layer with parameters [3, 4] and [0], for gradients given as [first, second] a piece. */
async function score(kind: ScoreKind, pieces: { gradient: number[][]; share: number }[]): Promise<number> {
  const parameters = [tf.tensor1d([3, 4]), tf.tensor1d([0])];
  const scored = scoreOf(kind, parameters);
  for (const { gradient, share } of pieces) {
    const tensors = gradient.map((g, i): [string, tf.Tensor] => [
      `t${i}`,
      tf.tensor1d(g.map((v) => v * share)),
    ]);
    scored.add(new TfjsGradients(new Map(tensors)));
  }
  const scalar = scored.finish() as unknown as { tensor: tf.Tensor; dispose(): void };
  const [value = Number.NaN] = await scalar.tensor.data();
  scalar.dispose();
  scored.dispose();
  tf.dispose(parameters);
  return value;
}

const uneven = [
  { gradient: [[1, 0], [4]], share: 0.75 },
  { gradient: [[5, 4], [-8]], share: 0.25 },
];

it('squared norm: of the mean, not the mean of the norms', async () => {
  // mean = [2, 1], [1]
  expect(await score('squared-norm', uneven)).toBeCloseTo(4 + 1 + 1, 5);
});

it('rgn: norm of the mean gradient over the norm of the parameters', async () => {
  expect(await score('rgn', uneven)).toBeCloseTo(Math.sqrt(6) / 5, 6);
});

it('snr: squared mean over unbiased variance, the mean over the parameters', async () => {
  const samples = [
    { gradient: [[1, 2], [0]], share: 1 },
    { gradient: [[3, 2], [0]], share: 1 },
    { gradient: [[8, 2.3], [0]], share: 1 },
  ];
  // Means 4, 2.1, 0; variances (9 + 1 + 16) / 2 = 13, (0.01 + 0.01 + 0.04) / 2 = 0.03, 0.
  const expected = 16 / (13 + 16e-6) + 4.41 / (0.03 + 4.41e-6);
  expect((3 * (await score('snr', samples))) / expected).toBeCloseTo(1, 4);
});

it('snr: a gradient that never varies counts a finite lot', async () => {
  const same = { gradient: [[2, 0], [0]], share: 1 };
  expect(3 * (await score('snr', [same, same]))).toBeCloseTo(4 / (4e-6 + 1e-12), -2);
});

it('a score can be given up', () => {
  for (const kind of ['squared-norm', 'rgn', 'snr'] as const) {
    const parameters = [tf.tensor1d([1])];
    const scored = scoreOf(kind, parameters);
    for (let i = 0; i < 2; i++) scored.add(new TfjsGradients(new Map([['t', tf.tensor1d([i])]])));
    scored.dispose();
    tf.dispose(parameters);
  }
});
