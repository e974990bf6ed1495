import { type ImageModelSpec, initialLayer, type ModelLayout } from '@strata/fl-core/models';
import { layoutOf } from '@strata/fl-core/models/layouts';
import type { Workload } from './workload.ts';

/** The workload as a model of ours. */
export const specOf = (w: Workload): ImageModelSpec => ({
  id: 'vit-nano',
  architecture: 'vit',
  kind: 'image',
  title: '',
  description: '',
  licence: '',
  granularity: 'block',
  tokens: 'class',
  activation: 'gelu',
  dim: w.dim,
  depth: w.depth,
  heads: w.heads,
  mlp: w.mlp,
  patch: w.patch,
  pretrainedSide: w.side,
  defaultSide: w.side,
  mean: [0.5, 0.5, 0.5],
  std: [0.5, 0.5, 0.5],
  layerNormEps: 1e-6,
});

export interface PlainTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Initial values of all parameters, by layer and name. */
export function initialWeights(w: Workload): { layer: string; name: string; tensor: PlainTensor }[] {
  const spec = specOf(w);
  const layout: ModelLayout = layoutOf(spec, w.classes);
  return layout.layers.flatMap(({ name: layer }) =>
    initialLayer(spec, layout, layer, 1).map(({ name, shape, data }) => {
      if (!(data instanceof Float32Array)) throw new TypeError(`Tensor ${name} is not float32.`);
      return { layer, name, tensor: { shape, data } };
    }),
  );
}

/** For engines that store the kernels of linear maps as (in, out): transposes what is (out, in). */
export function inOut({ shape, data }: PlainTensor): PlainTensor {
  const outputs = shape[0] ?? 1;
  const inputs = data.length / outputs;
  const moved = new Float32Array(data.length);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) moved[i * outputs + o] = data[o * inputs + i]!;
  }
  return { shape: [inputs, outputs], data: moved };
}

/** Whether a parameter is the kernel of a linear map: all others are vectors or embeddings. */
export const isKernel = (name: string, shape: readonly number[]): boolean =>
  name.endsWith('.weight') && shape.length >= 2;

/** The layers that a selection trains. */
export const trainedLayers = (blocks: readonly number[]): string[] => [
  ...blocks.map((i) => `blocks.${i}`),
  'head',
];

/** AdamW without decay, which is Adam: what every engine does with its gradients. */
export const optimizer = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

/** Normalised patches, (B, N, 3 patch patch), channel by channel as in the kernel of the patch projection. */
export function patchesOf(w: Workload, pixels: Uint8Array): PlainTensor {
  const { side, patch, batch } = w;
  const grid = side / patch;
  const width = 3 * patch * patch;
  const data = new Float32Array(batch * grid * grid * width);
  let to = 0;
  for (let image = 0; image < batch; image++) {
    for (let n = 0; n < grid * grid; n++) {
      const [top, left] = [Math.floor(n / grid) * patch, (n % grid) * patch];
      for (let channel = 0; channel < 3; channel++) {
        for (let k = 0; k < patch * patch; k++) {
          const [y, x] = [top + Math.floor(k / patch), left + (k % patch)];
          const value = pixels[((image * side + y) * side + x) * 3 + channel]!;
          data[to++] = (value / 255 - 0.5) / 0.5;
        }
      }
    }
  }
  return { shape: [batch, grid * grid, width], data };
}
