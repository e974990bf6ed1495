import { elements, type ModelLayout, selectableLayers } from '@strata/fl-core/models';
import { layoutOf } from '@strata/fl-core/models/layouts';
import { type Random, random } from '@strata/fl-core/random';
import type { Workload } from './workload.ts';

export const layoutFor = ({ spec, classes }: Workload): ModelLayout => layoutOf(spec, classes);

/** Layers that can be chosen, from the input up. */
export const blocksOf = (w: Workload): string[] => selectableLayers(layoutFor(w));

export interface InitialTensor {
  readonly layer: string;
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * Initial values of all parameters, in the layout's order; the same in every process. Matrices are drawn uniformly with
 * the deviation that a run would draw them with: ten times as fast as its normal numbers, of which a base-sized model
 * needs a hundred million.
 */
export function initialWeights(w: Workload): InitialTensor[] {
  const layout = layoutFor(w);
  return layout.layers.flatMap(({ name: layer, tensors }) =>
    tensors.map(({ name, shape, initial }) => {
      const data = new Float32Array(elements(shape));
      switch (initial?.kind) {
        case undefined:
          break;
        case 'normal':
          fillUniform(data, initial.std, random('bench-weights', w.spec.id, name));
          break;
        case 'ones':
          data.fill(1);
          break;
        case 'inverse-frequencies':
          for (let i = 0; i < data.length; i++) data[i] = 10_000 ** (-i / Math.max(1, data.length - 1));
          break;
        default:
          initial satisfies never;
      }
      return { layer, name, shape, data };
    }),
  );
}

/** Values of mean 0 and this standard deviation. */
export function fillUniform(data: Float32Array, deviation: number, draws: Random): void {
  const width = 2 * Math.sqrt(3) * deviation;
  for (let i = 0; i < data.length; i++) data[i] = width * (draws.uniform() - 0.5);
}

/** AdamW without decay, which is Adam: what every engine does with its gradients. */
export const optimizer = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;
