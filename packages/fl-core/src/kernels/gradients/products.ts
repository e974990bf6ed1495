import { matMul } from '@tensorflow/tfjs-core';
import { at, type Gradient, unbroadcast } from './gradient.ts';

/**
 * Gradients of matrix products. Unlike tfjs 4.22's own they sum over broadcast batches, so that
 * (B, T, D) x (D, K) has the right gradient too.
 */
export const products: readonly Gradient[] = [
  {
    kernel: 'BatchMatMul',
    saves: ['a', 'b'],
    inputs: (dy, s, { transposeA, transposeB }) => {
      const a = at(s, 0);
      const b = at(s, 1);
      const tA = transposeA === true;
      const tB = transposeB === true;
      return {
        a: () => unbroadcast(tA ? matMul(b, dy, tB, true) : matMul(dy, b, false, !tB), a),
        b: () => unbroadcast(tB ? matMul(dy, a, true, tA) : matMul(a, dy, !tA, false), b),
      };
    },
  },
];
