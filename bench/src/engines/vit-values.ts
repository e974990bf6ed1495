import { type InitialTensor, initialWeights, pixelsOf, type VitSpec, type Workload } from '@strata/gpu-bench';

/** What a twin of our Vision Transformer in another library starts from. */

export interface PlainTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Initial values of all parameters; kernels of linear maps lie as (in, out), as the twins store them. */
export const vitValues = (w: Workload<VitSpec>): { layer: string; name: string; tensor: PlainTensor }[] =>
  initialWeights(w).map((tensor) => ({
    layer: tensor.layer,
    name: tensor.name,
    tensor: isKernel(tensor) ? inOut(tensor) : tensor,
  }));

/** Whether a parameter is the kernel of a linear map: all others are vectors or embeddings. */
const isKernel = ({ name, shape }: InitialTensor): boolean => name.endsWith('.weight') && shape.length >= 2;

function inOut({ shape, data }: PlainTensor): PlainTensor {
  const outputs = shape[0] ?? 1;
  const inputs = data.length / outputs;
  const moved = new Float32Array(data.length);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) moved[i * outputs + o] = data[o * inputs + i]!;
  }
  return { shape: [inputs, outputs], data: moved };
}

/** Normalised patches, (B, N, 3 patch patch), channel by channel as in the kernel of the patch projection. */
export function patchesOf(w: Workload<VitSpec>): PlainTensor {
  const { size, batch } = w;
  const pixels = pixelsOf(w);
  const { patch, mean, std } = w.spec;
  const grid = size / patch;
  const width = 3 * patch * patch;
  const data = new Float32Array(batch * grid * grid * width);
  let to = 0;
  for (let image = 0; image < batch; image++) {
    for (let n = 0; n < grid * grid; n++) {
      const [top, left] = [Math.floor(n / grid) * patch, (n % grid) * patch];
      for (let channel = 0; channel < 3; channel++) {
        for (let k = 0; k < patch * patch; k++) {
          const [y, x] = [top + Math.floor(k / patch), left + (k % patch)];
          const value = pixels[((image * size + y) * size + x) * 3 + channel]!;
          data[to++] = (value / 255 - mean[channel]!) / std[channel]!;
        }
      }
    }
  }
  return { shape: [batch, grid * grid, width], data };
}
