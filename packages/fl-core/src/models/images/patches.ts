import { StrataError } from '../../protocol/index.ts';
import type { ImageBatch } from '../batch.ts';
import type { ImageInput } from '../common-spec.ts';

/** Throws `bad-config` unless images of `side` pixels can be cut into whole patches. */
export function checkSide({ patch }: ImageInput, side: number): void {
  if (Number.isInteger(side) && side >= patch && side % patch === 0) return;
  throw new StrataError(
    'bad-config',
    `A side of ${side} pixels does not divide into patches of ${patch}.`,
    `Choose a multiple of ${patch}.`,
  );
}

/** Of each channel of RGB: the value of byte v is scale v + shift. */
export const normalisation = ({ mean, std }: ImageInput): { scale: number; shift: number }[] =>
  std.map((s, c) => ({ scale: 1 / (255 * s), shift: -(mean[c] ?? 0) / s }));

/**
 * Cuts images into patches and normalises them, on the CPU: RGB bytes (B, side, side, 3) ->
 * (B, N, 3 * patch * patch) with the values of a patch in channel, row, column order, so that the patch
 * convolution is one product with its flattened kernel. N = (side / patch)^2, rows first.
 */
export function patchRows(spec: ImageInput, batch: ImageBatch): Float32Array {
  const { size, side, pixels } = batch;
  const { patch } = spec;
  const grid = side / patch;
  const channels = normalisation(spec);
  const out = new Float32Array(size * side * side * 3);
  let at = 0;
  for (let image = 0; image < size; image++) {
    for (let cell = 0; cell < grid * grid; cell++) {
      const top = Math.floor(cell / grid) * patch;
      const left = (cell % grid) * patch;
      for (let c = 0; c < 3; c++) {
        const { scale, shift } = channels[c]!;
        for (let y = top; y < top + patch; y++) {
          let from = ((image * side + y) * side + left) * 3 + c;
          for (let x = 0; x < patch; x++, from += 3) out[at++] = (pixels[from] ?? 0) * scale + shift;
        }
      }
    }
  }
  return out;
}
