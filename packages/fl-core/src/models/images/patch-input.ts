import { type Tensor, tensor1d, tensor3d } from '@tensorflow/tfjs-core';
import { StrataError } from '../../protocol/index.ts';
import type { Batch, ImageBatch } from '../batch.ts';
import { hasOwnKernel, ownKernel } from '../blocks/own-kernel.ts';
import type { CommonSpec, ImageInput } from '../common-spec.ts';
import type { Activation } from '../model.ts';
import { normalisation, patchRows } from './patches.ts';

type Spec = CommonSpec & ImageInput;

/** Normalised patches, (B, N, 3 * patch * patch). Throws `bad-config` on a batch that does not fit. */
export function patchInput(spec: Spec, side: number, batch: Batch): Activation {
  if (batch.kind !== 'image' || batch.side !== side) {
    const what = batch.kind === 'image' ? `images of ${batch.side} pixels` : `a batch of kind ${batch.kind}`;
    throw new StrataError('bad-config', `${spec.id} was given ${what}.`, `Resize images to ${side} pixels.`);
  }
  const shape: [number, number, number] = [batch.size, (side / spec.patch) ** 2, 3 * spec.patch ** 2];
  return { x: patchesOnDevice(spec, batch) ?? tensor3d(patchRows(spec, batch), shape) };
}

/**
 * The same by the kernel of a backend that has one, so that a quarter of the bytes goes to the device and no loop over
 * pixels keeps JavaScript from recording the step; null elsewhere.
 */
function patchesOnDevice(spec: Spec, { size, side, pixels }: ImageBatch): Tensor | null {
  if (!hasOwnKernel('StrataPatches')) return null;
  const words = new Int32Array(Math.ceil(pixels.length / 4));
  new Uint8Array(words.buffer).set(pixels);
  const channels = normalisation(spec).flatMap(({ scale, shift }, c) => [
    [`scale${c}`, scale] as const,
    [`shift${c}`, shift] as const,
  ]);
  const attributes = { size, side, patch: spec.patch, ...Object.fromEntries(channels) };
  return ownKernel('StrataPatches', { pixels: tensor1d(words, 'int32') }, attributes);
}
