import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StrataError } from '../error.ts';
import { initialState, type ServerOptimizer, serverStep } from './optimizers/index.ts';

/** Weight of a layer of one value after these changes, starting from 1. */
function after(optimizer: ServerOptimizer, changes: readonly number[]): number {
  const weights = Float32Array.of(1);
  const state = initialState(optimizer, 1);
  for (const delta of changes) serverStep(optimizer, weights, state, 0, Float64Array.of(delta));
  return weights[0]!;
}

describe('serverStep', () => {
  it('fedavg with rate 1 adds the change', () => {
    expect(after({ name: 'fedavg', learningRate: 1 }, [0.5, -0.25])).toBe(1.25);
    expect(after({ name: 'fedavg', learningRate: 0.5 }, [0.5])).toBe(1.25);
  });

  it('fedavgm: m = 0.5 m + delta, worked by hand', () => {
    // m: 0.5, then 0.25 + 0.25 = 0.5; weights 1 + 0.5 + 0.5
    expect(after({ name: 'fedavgm', learningRate: 1, momentum: 0.5 }, [0.5, 0.25])).toBe(2);
  });

  it('fedadagrad, fedadam and fedyogi, worked by hand', () => {
    const common = { learningRate: 0.5, tau: 0.5, beta1: 0.5 } as const;
    // first step with delta 1: m = 0.5; v starts at tau^2 = 0.25
    // fedadagrad: v = 1.25
    const adagrad = 1 + (0.5 * 0.5) / (Math.sqrt(1.25) + 0.5);
    expect(after({ name: 'fedadagrad', ...common }, [1])).toBeCloseTo(adagrad, 6);
    // fedadam, beta2 = 0.75: v = 0.75 * 0.25 + 0.25 * 1 = 0.4375
    const adam = 1 + (0.5 * 0.5) / (Math.sqrt(0.4375) + 0.5);
    expect(after({ name: 'fedadam', ...common, beta2: 0.75 }, [1])).toBeCloseTo(adam, 6);
    // fedyogi: v = 0.25 - 0.25 * 1 * sign(0.25 - 1) = 0.5
    const yogi = 1 + (0.5 * 0.5) / (Math.sqrt(0.5) + 0.5);
    expect(after({ name: 'fedyogi', ...common, beta2: 0.75 }, [1])).toBeCloseTo(yogi, 6);
    // second step with delta 0: m = 0.25; fedyogi v = 0.5 - 0.25 * 0 = 0.5
    const yogiTwice = yogi + (0.5 * 0.25) / (Math.sqrt(0.5) + 0.5);
    expect(after({ name: 'fedyogi', ...common, beta2: 0.75 }, [1, 0])).toBeCloseTo(yogiTwice, 6);
  });

  const optimizers: readonly ServerOptimizer[] = [
    { name: 'fedavg', learningRate: 1 },
    { name: 'fedavgm', learningRate: 0.7, momentum: 0.9 },
    { name: 'fedadagrad', learningRate: 0.1, beta1: 0, tau: 0.001 },
    { name: 'fedadam', learningRate: 0.1, beta1: 0.9, beta2: 0.99, tau: 0.001 },
    { name: 'fedyogi', learningRate: 0.1, beta1: 0.9, beta2: 0.99, tau: 0.001 },
  ];

  it.each(optimizers)('$name gives the same bytes in pieces, and goes on from saved state', (optimizer) => {
    const change = fc.float64Array({ minLength: 11, maxLength: 11, min: -9, max: 9, noNaN: true });
    fc.assert(
      fc.property(fc.array(change, { minLength: 2, maxLength: 5 }), fc.nat(11), (changes, cut) => {
        const whole = { weights: new Float32Array(11), state: initialState(optimizer, 11) };
        const cutUp = { weights: new Float32Array(11), state: initialState(optimizer, 11) };
        for (const delta of changes) {
          serverStep(optimizer, whole.weights, whole.state, 0, delta);
          serverStep(optimizer, cutUp.weights, cutUp.state, cut, delta.subarray(cut));
          serverStep(optimizer, cutUp.weights, cutUp.state, 0, delta.subarray(0, cut));
          cutUp.state = { m: cutUp.state.m.slice(), v: cutUp.state.v.slice() };
        }
        expect(cutUp).toEqual(whole);
      }),
    );
  });

  it.each(optimizers.slice(2))('$name moves towards the change, whatever its size', (optimizer) => {
    expect(after(optimizer, [1e-6, 1e-6, 1e-6])).toBeGreaterThan(1);
    expect(after(optimizer, [-1000])).toBeLessThan(1);
  });

  it.each<ServerOptimizer>([
    { name: 'fedavg', learningRate: 0 },
    { name: 'fedavgm', learningRate: 1, momentum: 1 },
    { name: 'fedadagrad', learningRate: 1, beta1: 0, tau: 0 },
    { name: 'fedadam', learningRate: 1, beta1: 0, beta2: 1, tau: 0.1 },
  ])('%o is out of range', (optimizer) => {
    expect(() => initialState(optimizer, 1)).toThrow(StrataError);
  });
});
