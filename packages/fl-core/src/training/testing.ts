import { add, matMul, mul, type Tensor, tanh, tensor2d } from '@tensorflow/tfjs-core';
import type { ImageDataset } from '../data/datasets/index.ts';
import { elements, type ModelLayout } from '../models/layout.ts';
import type { Model, Parameters } from '../models/model.ts';
import type { NamedTensor } from '../protocol/safetensors.ts';
import { random } from '../random.ts';
import type { Trainer } from './trainer.ts';

/**
 * A model small enough to be written twice: `embed` (linear), `block0`, `block1`, `block2` (h + tanh(h W + b)), `head`
 * (linear), on 2 x 2 images. {@link plainLoss} is the same model in float64 without tfjs.
 */
const side = 2;
const inputs = side * side * 3;
export const toyClasses = 3;

const linear = (name: string, from: number, to: number) => [
  { name: `${name}.weight`, shape: [from, to] },
  { name: `${name}.bias`, shape: [to] },
];

const apply = (p: Parameters, name: string, x: Tensor): Tensor =>
  add(matMul(x, p[`${name}.weight`]!), p[`${name}.bias`]!);

/** The model at another size. */
export function toyOf({ width, depth }: { readonly width: number; readonly depth: number }) {
  const blocks = Array.from({ length: depth }, (_, i) => `block${i}`);
  const layout: ModelLayout = {
    layers: [
      { name: 'embed', role: 'embed', tensors: linear('embed', inputs, width) },
      ...blocks.map((name) => ({ name, role: 'block' as const, tensors: linear(name, width, width) })),
      { name: 'head', role: 'head', tensors: linear('head', width, toyClasses) },
    ],
  };
  const model: Model = {
    layout,
    classes: toyClasses,
    stages: [
      { layer: 'embed', forward: (p, { x }) => ({ x: apply(p, 'embed', x) }) },
      ...blocks.map((layer) => ({
        layer,
        forward: (p: Parameters, { x }: { x: Tensor }) => ({ x: add(x, tanh(apply(p, layer, x))) }),
      })),
      { layer: 'head', forward: (p, { x }) => ({ x: apply(p, 'head', x) }) },
    ],
    input: (batch) => {
      if (batch.kind !== 'image') throw new TypeError('images only');
      return { x: mul(tensor2d(batch.pixels, [batch.size, inputs], 'float32'), 1 / 255) }; // (B, 12)
    },
  };
  return { layout, model, blocks };
}

export const { layout: toyLayout, model: toyModel, blocks: toyBlocks } = toyOf({ width: 6, depth: 3 });

/** Seeded values of every tensor of a layout, small and none of them zero. */
export function toyTensors(layout: ModelLayout = toyLayout, seed = 1): Map<string, NamedTensor[]> {
  const source = random('toy weights', seed);
  return new Map(
    layout.layers.map(({ name, tensors }) => [
      name,
      tensors.map((t) => ({
        ...t,
        data: Float32Array.from({ length: elements(t.shape) }, () => 0.4 * source.normal()),
      })),
    ]),
  );
}

export function setLayers(trainer: Trainer, tensors: ReadonlyMap<string, readonly NamedTensor[]>): void {
  for (const [layer, values] of tensors) trainer.setLayer(layer, values);
}

/** Images whose mean colour tells their class, with noise. */
export function toyData(samples: number, seed = 1, imageSide = side): ImageDataset {
  const source = random('toy data', seed);
  const labels = Int32Array.from({ length: samples }, (_, i) => i % toyClasses);
  const perImage = imageSide * imageSide * 3;
  const pixels = Uint8Array.from({ length: samples * perImage }, (_, i) => {
    const bright = i % 3 === labels[Math.floor(i / perImage)];
    return Math.max(0, Math.min(255, (bright ? 180 : 80) + 40 * source.normal()));
  });
  return { kind: 'image', side: imageSide, pixels, labels };
}

/** Tensors by layer, in any number format. */
type PlainTensors = ReadonlyMap<string, readonly { readonly data: ArrayLike<number> }[]>;

/** Mean cross-entropy of the toy model over all samples, in float64. */
export function plainLoss(tensors: PlainTensors, data: ImageDataset): number {
  const total = [...data.labels].reduce((sum, label, i) => {
    const image = [...data.pixels.subarray(i * inputs, (i + 1) * inputs)].map((v) => v / 255);
    const logits = plainLogits(tensors, image);
    const top = Math.max(...logits);
    const logSum = top + Math.log(logits.reduce((s, z) => s + Math.exp(z - top), 0));
    return sum + logSum - logits[label]!;
  }, 0);
  return total / data.labels.length;
}

function plainLogits(tensors: PlainTensors, image: number[]): number[] {
  const affine = (layer: string, x: number[]): number[] => {
    const [weight, bias] = tensors.get(layer)!;
    const out = bias!.data.length;
    return Array.from(bias!.data, (b, j) => x.reduce((s, v, i) => s + v * weight!.data[i * out + j]!, b));
  };
  const embedded = affine('embed', image);
  const top = toyBlocks.reduce((h, b) => affine(b, h).map((v, i) => h[i]! + Math.tanh(v)), embedded);
  return affine('head', top);
}

/** Gradient of {@link plainLoss} by one layer's tensors, by central differences in float64. */
export function plainGradient(tensors: PlainTensors, data: ImageDataset, layer: string): number[][] {
  const step = 1e-4;
  return tensors.get(layer)!.map((t, index) =>
    Array.from(t.data, (_, k) => {
      const at = (shift: number): number => {
        // Not Float32Array: the shift must not be rounded.
        const values = Array.from(t.data);
        values[k]! += shift;
        const moved = tensors.get(layer)!.map((o, i) => (i === index ? { data: values } : o));
        return plainLoss(new Map([...tensors, [layer, moved]]), data);
      };
      return (at(step) - at(-step)) / (2 * step);
    }),
  );
}
