import type { ImageModelSpec } from '../catalog.ts';
import type { InitialValues, LayerSpec, ModelLayout, TensorSpec } from '../layout.ts';

/** Vision Transformer as layers, with timm's parameter names; `weight` tensors of linear maps are [out, in]. */

/** Patches along one side of the grid that the position embeddings were trained for. */
export const pretrainedGrid = (spec: ImageModelSpec): number => spec.pretrainedSide / spec.patch;

const fanIn = (inputs: number): InitialValues => ({ kind: 'normal', std: 1 / Math.sqrt(inputs) });

/**
 * Class token and position embeddings are frozen by default, so a fresh model never learns them: drawn with the
 * usual std of 0.02 they would vanish beside the patches, whose projections have a std of the order of 1.
 */
const embedding: InitialValues = { kind: 'normal', std: 0.2 };

function linear(prefix: string, inputs: number, outputs: number, initial = fanIn(inputs)): TensorSpec[] {
  return [
    { name: `${prefix}.weight`, shape: [outputs, inputs], initial },
    { name: `${prefix}.bias`, shape: [outputs] },
  ];
}

function layerNorm(prefix: string, width: number): TensorSpec[] {
  return [
    { name: `${prefix}.weight`, shape: [width], initial: { kind: 'ones' } },
    { name: `${prefix}.bias`, shape: [width] },
  ];
}

function block({ dim, mlp }: ImageModelSpec, index: number): LayerSpec {
  const prefix = `blocks.${index}`;
  return {
    name: prefix,
    role: 'block',
    tensors: [
      ...layerNorm(`${prefix}.norm1`, dim),
      ...linear(`${prefix}.attn.qkv`, dim, 3 * dim),
      ...linear(`${prefix}.attn.proj`, dim, dim),
      ...layerNorm(`${prefix}.norm2`, dim),
      ...linear(`${prefix}.mlp.fc1`, dim, mlp),
      ...linear(`${prefix}.mlp.fc2`, mlp, dim),
    ],
  };
}

/** Layers of a ViT with a classifier of `classes` outputs; position embeddings keep their pretrained size. */
export function vitLayout(spec: ImageModelSpec, classes: number): ModelLayout {
  const { dim, patch } = spec;
  return {
    layers: [
      {
        name: 'embed',
        role: 'embed',
        tensors: [
          { name: 'cls_token', shape: [1, 1, dim], initial: embedding },
          { name: 'pos_embed', shape: [1, 1 + pretrainedGrid(spec) ** 2, dim], initial: embedding },
          {
            name: 'patch_embed.proj.weight',
            shape: [dim, 3, patch, patch],
            initial: fanIn(3 * patch * patch),
          },
          { name: 'patch_embed.proj.bias', shape: [dim] },
        ],
      },
      ...Array.from({ length: spec.depth }, (_, index) => block(spec, index)),
      {
        name: 'head',
        role: 'head',
        tensors: [...layerNorm('norm', dim), ...linear('head', dim, classes, { kind: 'normal', std: 0.02 })],
      },
    ],
  };
}
