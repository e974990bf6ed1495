import { readFileSync } from 'node:fs';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { type ScoreKind, scoreKinds } from '../../selection/score-kinds.ts';
import { TfjsGradients } from './activation.ts';
import { scoreOf } from './score.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});
beforeEach(() => {
  const tensors = tf.memory().numTensors;
  return () => expect(tf.memory().numTensors).toBe(tensors);
});

interface Piece {
  readonly gradient: number[][];
  readonly share: number;
}

/** The score of a layer with two tensors, for gradients given as [first, second] a piece. */
async function score(
  kind: ScoreKind,
  pieces: readonly Piece[],
  layer: readonly number[][] = [[3, 4], [0]],
): Promise<number> {
  const parameters = layer.map((values) => tf.tensor1d(values));
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

const Gradients = z.array(z.array(z.number()));
const Pieces = z
  .array(z.object({ share: z.number(), gradients: Gradients }))
  .transform((all) => all.map(({ share, gradients }): Piece => ({ share, gradient: gradients })));
/** By fixtures/scores.py: PyTorch's gradients of a matrix and a bias, by batch and by sample, and what follows. */
const python = z
  .object({
    parameters: Gradients,
    batches: Pieces,
    samples: Pieces,
    scores: z.record(z.enum(scoreKinds), z.number()),
  })
  .parse(JSON.parse(readFileSync(new URL('./fixtures/scores.json', import.meta.url), 'utf8')));

it.each(scoreKinds)("%s is what PyTorch's gradients and optimizers give", async (kind) => {
  const pieces = kind === 'snr' ? python.samples : python.batches;
  expect((await score(kind, pieces, python.parameters)) / python.scores[kind]).toBeCloseTo(1, 5);
});

it('squared norm: of the mean, not the mean of the norms', async () => {
  // mean = [2, 1], [1]
  expect(await score('squared-norm', uneven)).toBeCloseTo(4 + 1 + 1, 5);
});

it('mean square: a layer counts no more for having its parameters twice', async () => {
  expect(await score('mean-square', uneven)).toBeCloseTo(6 / 3, 6);
  const twice = uneven.map(({ gradient: [a, b], share }) => ({
    gradient: [
      [...a!, ...a!],
      [...b!, ...b!],
    ],
    share,
  }));
  expect(await score('mean-square', twice)).toBeCloseTo(6 / 3, 6);
});

it("decrease: the mean's sizes added up, those near Adam's eps for less", async () => {
  expect(await score('decrease', uneven)).toBeCloseTo(2 + 1 + 1, 6);
  // 1e-8 beside an eps of 1e-8 moves by half a step.
  const faint = [{ gradient: [[1, 1e-8], [0]], share: 1 }];
  expect((await score('decrease', faint)) - 1).toBeCloseTo(0.5e-8, 7);
  expect(await score('decrease', [{ gradient: [[1e-8, 0], [0]], share: 1 }])).toBeCloseTo(0.5e-8, 12);
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
  for (const kind of scoreKinds) {
    const parameters = [tf.tensor1d([1])];
    const scored = scoreOf(kind, parameters);
    for (let i = 0; i < 2; i++) scored.add(new TfjsGradients(new Map([['t', tf.tensor1d([i])]])));
    scored.dispose();
    tf.dispose(parameters);
  }
});
