import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { paceOf, registerKernels } from '../../kernels/index.ts';
import { OptimizerConfig } from '../../protocol/local-config.ts';
import { random } from '../../random.ts';
import { createOptimizer } from './optimizer.ts';

beforeAll(async () => {
  registerKernels('cpu');
  await tf.setBackend('cpu');
});

const steps = 7;
const shape = [3, 2];

/** The gradients that both sides are given, one a step. */
const gradients = Array.from({ length: steps }, (_, t) => {
  const source = random('optimizer', t);
  return Float32Array.from({ length: 6 }, () => source.normal());
});
const start = Float32Array.of(1, -2, 0.5, 3, -0.25, 0);

async function ours(input: OptimizerConfig, at = shape): Promise<number[]> {
  const optimizer = createOptimizer(OptimizerConfig.parse(input));
  let p = tf.tensor(start.slice(), at);
  for (const g of gradients) {
    const gradient = tf.tensor(g, at);
    const before = p;
    const pace = paceOf(optimizer.numbers(1));
    optimizer.move([{ name: 'p', parameter: before, gradient }], pace, (_, moved) => {
      p = moved;
    });
    optimizer.count();
    tf.dispose([before, gradient, pace.tensor]);
  }
  optimizer.dispose();
  const values = [...(await p.data())];
  p.dispose();
  return values;
}

/** tfjs's own optimizer on the same gradients. */
async function theirs(optimizer: tf.Optimizer): Promise<number[]> {
  const p = tf.variable(tf.tensor(start.slice(), shape));
  for (const g of gradients) {
    const gradient = tf.tensor(g, shape);
    optimizer.applyGradients({ [p.name]: gradient });
    gradient.dispose();
  }
  const values = [...(await p.data())];
  p.dispose();
  optimizer.dispose();
  return values;
}

function expectClose(actual: number[], expected: number[]): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((v, i) => {
    expect(v).toBeCloseTo(expected[i]!, 5);
  });
}

describe('optimizers agree with those of tfjs', () => {
  it('SGD', async () => {
    const config: OptimizerConfig = { name: 'sgd', learningRate: 0.1, momentum: 0 };
    expectClose(await ours(config), await theirs(tf.train.sgd(0.1)));
  });

  it('SGD with momentum', async () => {
    const config: OptimizerConfig = { name: 'sgd', learningRate: 0.1, momentum: 0.9 };
    expectClose(await ours(config), await theirs(tf.train.momentum(0.1, 0.9)));
  });

  it('AdamW without decay is Adam', async () => {
    const config: OptimizerConfig = { name: 'adamw', learningRate: 0.05, weightDecay: 0 };
    expectClose(await ours(config), await theirs(tf.train.adam(0.05, 0.9, 0.999, 1e-8)));
  });
});

describe('AdamW', () => {
  const decayed: OptimizerConfig = { name: 'adamw', learningRate: 0.05, weightDecay: 0.4 };

  it('shrinks a matrix by lr * decay a step beside the Adam step', async () => {
    // The same recurrence in float64.
    const p = Array.from(start);
    const m = new Array<number>(6).fill(0);
    const v = new Array<number>(6).fill(0);
    gradients.forEach((g, step) => {
      const t = step + 1;
      g.forEach((gi, i) => {
        m[i] = 0.9 * m[i]! + 0.1 * gi;
        v[i] = 0.999 * v[i]! + 0.001 * gi * gi;
        const mHat = m[i]! / (1 - 0.9 ** t);
        const vHat = v[i]! / (1 - 0.999 ** t);
        p[i] = p[i]! * (1 - 0.05 * 0.4) - (0.05 * mHat) / (Math.sqrt(vHat) + 1e-8);
      });
    });
    expectClose(await ours(decayed), p);
  });

  it('does not decay a vector', async () => {
    expect(await ours(decayed, [6])).toEqual(await ours({ ...decayed, weightDecay: 0 }, [6]));
  });
});

it.each<OptimizerConfig>([
  { name: 'sgd', learningRate: 0.1, momentum: 0 },
  { name: 'sgd', learningRate: 0.1, momentum: 0.5 },
  { name: 'adamw', learningRate: 0.1, weightDecay: 0.1 },
])('C4: $name leaves no tensor behind', async (config) => {
  const before = tf.memory().numTensors;
  await ours(config);
  expect(tf.memory().numTensors).toBe(before);
});
