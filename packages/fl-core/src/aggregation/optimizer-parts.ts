import { z } from 'zod';
import type { NumberField } from '../variants/index.ts';
import type { Optimizer } from './define-optimizer.ts';

/** What several optimizers share. */

export const serverRate = z.number().positive().max(100);
export const share = z.number().min(0).lt(1);

export const rateField = (step: number) =>
  ({ kind: 'number', option: 'learningRate', label: 'Server learning rate', step }) as const;

/** Of an option in [0, 1). */
export const shareField = <O extends string>(option: O, label: string): NumberField<O> => ({
  kind: 'number',
  option,
  label,
  max: 0.9999,
  step: 0.01,
});

/** Options of the three of Reddi et al., arXiv 2003.00295, which recommends this tau. */
export const adaptiveOptions = {
  learningRate: serverRate.default(0.01),
  beta1: share.default(0.9),
  /** Adaptivity: the larger, the nearer to steps of equal length. */
  tau: z.number().positive().max(1).default(1e-3),
};

export const beta1Field = shareField('beta1', 'β₁');
export const beta2Field = shareField('beta2', 'β₂');
export const tauField = { kind: 'number', option: 'tau', label: 'τ, adaptivity', step: 0.001 } as const;

interface AdaptiveOptions {
  readonly learningRate: number;
  readonly beta1: number;
  readonly tau: number;
}

/**
 * Algorithm 2 of the source; v starts at tau^2, and as there is no bias correction. Computed in float64, kept in
 * float32.
 * @param second how v moves towards the squared change.
 */
export function adaptive(
  { learningRate, beta1, tau }: AdaptiveOptions,
  second: (v: number, square: number) => number,
): Optimizer {
  return {
    initialState: (elements) => ({
      m: new Float32Array(elements),
      v: new Float32Array(elements).fill(tau ** 2),
    }),
    step: (weights, { m, v }, offset, delta, rate) => {
      for (let k = 0; k < delta.length; k++) {
        const at = offset + k;
        const d = delta[k]!;
        m[at] = beta1 * m[at]! + (1 - beta1) * d;
        v[at] = second(v[at]!, d * d);
        weights[at]! += (learningRate * rate * m[at]!) / (Math.sqrt(v[at]!) + tau);
      }
    },
  };
}
