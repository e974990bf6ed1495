import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerKernels } from '../../kernels/index.ts';
import { classTargets, type Targets } from '../../models/targets.ts';
import { correctOf } from './correct.ts';
import { lossOf } from './loss.ts';

beforeAll(() => {
  const wasm = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(`${dirname(wasm)}/`);
  registerKernels('wasm');
  registerKernels('cpu');
});

const numbers = async (t: tf.Tensor) => [...(await t.data())];

/** Made by fixtures/losses.py with PyTorch. */
interface Reference {
  readonly kind: Targets['kind'];
  readonly shape: readonly number[];
  readonly logits: readonly number[];
  readonly targets: readonly number[];
  readonly loss: number;
  readonly gradient: readonly number[];
}
const references: Reference[] = JSON.parse(
  readFileSync(new URL('./fixtures/losses.json', import.meta.url), 'utf8'),
);

function targetsOf({ kind, shape, targets }: Reference): Targets {
  switch (kind) {
    case 'classes':
      return classTargets(Int32Array.from(targets));
    case 'label-sets':
      return { kind, classes: shape[1]!, flags: Uint8Array.from(targets) };
    case 'next-tokens':
      return { kind, length: shape[1]!, ids: Int32Array.from(targets) };
    default:
      return kind satisfies never;
  }
}

describe.each(['cpu', 'wasm'])('lossOf on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it.each(references.map((r, i) => [i, r.kind, r] as const))(
    'case %i, %s: loss and gradient as in PyTorch, times the share',
    async (_, __, reference) => {
      const targets = targetsOf(reference);
      const before = tf.memory().numTensors;
      const logits = tf.tensor([...reference.logits], [...reference.shape]);
      const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => lossOf(x, targets, 0.5))(logits);
      expect((await numbers(value))[0]).toBeCloseTo(0.5 * reference.loss, 4);
      for (const [i, g] of (await numbers(grad)).entries()) {
        expect(Math.abs(g - 0.5 * reference.gradient[i]!)).toBeLessThan(1e-6);
      }
      tf.dispose([logits, value, grad]);
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});

describe('lossOf', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it('is the log of the number of classes for equal logits', async () => {
    const [loss] = await numbers(lossOf(tf.zeros([4, 5]), classTargets(Int32Array.of(0, 1, 4, 2))));
    expect(loss).toBeCloseTo(Math.log(5), 6);
  });

  it('is the mean of minus the log-probability of the label', async () => {
    // softmax(ln 1, ln 2, ln 5) = (1, 2, 5) / 8
    const row = [Math.log(1), Math.log(2), Math.log(5)];
    const [loss] = await numbers(lossOf(tf.tensor2d([row, row]), classTargets(Int32Array.of(1, 2))));
    expect(loss).toBeCloseTo(-(Math.log(2 / 8) + Math.log(5 / 8)) / 2, 6);
  });

  it('stays finite for huge logits, with a zero gradient where the label is certain', async () => {
    const logits = tf.tensor2d([[1e4, -1e4]]);
    const right = classTargets(Int32Array.of(0));
    const { value: loss, grad } = tf.valueAndGrad((x: tf.Tensor) => lossOf(x, right))(logits);
    expect((await numbers(loss)).map(Math.abs)).toEqual([0]);
    expect((await numbers(grad)).map(Math.abs)).toEqual([0, 0]);
    const [wrong] = await numbers(lossOf(logits, classTargets(Int32Array.of(1))));
    expect(wrong).toBeCloseTo(2e4, 0);
    const both: Targets = { kind: 'label-sets', classes: 2, flags: Uint8Array.of(1, 0) };
    expect((await numbers(lossOf(logits, both))).map(Math.abs)).toEqual([0]);
  });

  it('counts nothing where no token follows', async () => {
    const none: Targets = { kind: 'next-tokens', length: 2, ids: Int32Array.of(-1, -1) };
    const { value: loss, grad } = tf.valueAndGrad((x: tf.Tensor) => lossOf(x, none))(tf.ones([1, 2, 3]));
    expect((await numbers(loss)).map(Math.abs)).toEqual([0]);
    expect((await numbers(grad)).every((g) => Math.abs(g) === 0)).toBe(true);
  });

  it.each<[string, Targets, RegExp]>([
    ['a label that is no class', classTargets(Int32Array.of(0, 3)), /Label 3/],
    ['a sample without a class', classTargets(Int32Array.of(0, -1)), /Label -1/],
    [
      'a token beyond the vocabulary',
      { kind: 'next-tokens', length: 1, ids: Int32Array.of(0, 3) },
      /Label 3/,
    ],
    ['other classes', { kind: 'label-sets', classes: 2, flags: new Uint8Array(4) }, /2 flags for 3/],
  ])('refuses %s', (_, targets, message) => {
    expect(() => lossOf(tf.zeros([2, 3]), targets)).toThrow(message);
  });
});

describe('correctOf', () => {
  const correct = async (logits: tf.Tensor, targets: Targets) =>
    (await numbers(correctOf(logits, targets)))[0];

  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it('counts the samples whose largest logit is their class', async () => {
    const logits = tf.tensor2d([
      [3, 1, 2],
      [0, 5, 9],
    ]);
    expect(await correct(logits, classTargets(Int32Array.of(0, 1)))).toBe(1);
  });

  it('counts the tokens predicted, and no place without one', async () => {
    const logits = tf.tensor3d([
      [
        [1, 0],
        [0, 1],
        [1, 0],
      ],
    ]);
    expect(await correct(logits, { kind: 'next-tokens', length: 3, ids: Int32Array.of(0, 0, -1) })).toBe(1);
  });

  it('adds up the agreement of sets of labels, empty ones agreeing', async () => {
    const logits = tf.tensor2d([
      [1, 1, -1], // said {0, 1} of {0, 2}: 1 of 3
      [-1, -1, -1], // said {} of {}: all
      [-1, 2, -1], // said {1} of {}: none
      [2, -1, 2], // said {0, 2} of {0, 2}: all
    ]);
    const flags = Uint8Array.of(1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1);
    expect(await correct(logits, { kind: 'label-sets', classes: 3, flags })).toBeCloseTo(1 / 3 + 2, 6);
  });
});
