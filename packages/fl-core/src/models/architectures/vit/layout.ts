import { blockLayers } from '../../block-layers.ts';
import type { InitialValues, LayerSpec, ModelLayout } from '../../layout.ts';
import { fanIn, forLabels, linearTensors, normTensors } from '../../tensor-specs.ts';
import { type LayerWork, workOf } from '../../work/layer-work.ts';
import { blocksWork, map, patchesOf, patchWork } from '../../work/transformer-work.ts';
import type { VitSpec } from './spec.ts';

/** Vision Transformer as layers, with timm's parameter names. */

/**
 * Class token and position embeddings are frozen by default, so a fresh model never learns them: drawn with the
 * usual std of 0.02 they would vanish beside the patches, whose projections have a std of the order of 1.
 */
const embedding: InitialValues = { kind: 'normal', std: 0.2 };

/** Names of the tokens before the patches, each (1, 1, D), in order. */
export function tokenNames(spec: VitSpec): string[] {
  switch (spec.tokens) {
    case 'class':
      return ['cls_token'];
    case 'class-and-distillation':
      return ['cls_token', 'dist_token'];
    default:
      return spec.tokens satisfies never;
  }
}

function block({ dim, mlp, granularity }: VitSpec, index: number): LayerSpec[] {
  const prefix = `blocks.${index}`;
  return blockLayers(
    granularity,
    index,
    [
      ...normTensors(`${prefix}.norm1`, dim),
      ...linearTensors(`${prefix}.attn.qkv`, dim, 3 * dim),
      ...linearTensors(`${prefix}.attn.proj`, dim, dim),
    ],
    [
      ...normTensors(`${prefix}.norm2`, dim),
      ...linearTensors(`${prefix}.mlp.fc1`, dim, mlp),
      ...linearTensors(`${prefix}.mlp.fc2`, mlp, dim),
    ],
  );
}

/** Layers of a ViT with a classifier of `classes` outputs; position embeddings keep their pretrained size. */
export function vitLayout(spec: VitSpec, classes: number): ModelLayout {
  const { dim, patch, pretrainedSide } = spec;
  const tokens = tokenNames(spec);
  const positions = tokens.length + (pretrainedSide / patch) ** 2;
  return {
    layers: [
      {
        name: 'embed',
        role: 'embed',
        tensors: [
          ...tokens.map((name) => ({ name, shape: [1, 1, dim], initial: embedding })),
          { name: 'pos_embed', shape: [1, positions, dim], initial: embedding },
          {
            name: 'patch_embed.proj.weight',
            shape: [dim, 3, patch, patch],
            initial: fanIn(3 * patch * patch),
          },
          { name: 'patch_embed.proj.bias', shape: [dim] },
        ],
      },
      ...Array.from({ length: spec.depth }, (_, index) => block(spec, index)).flat(),
      {
        name: 'head',
        role: 'head',
        tensors: [...normTensors('norm', dim), ...forLabels(linearTensors('head', dim, classes))],
      },
    ],
  };
}

export function vitWork(spec: VitSpec, classes: number, side: number): LayerWork[] {
  const patches = patchesOf(side, spec.patch);
  return [
    patchWork(spec.dim, spec.patch, patches),
    ...blocksWork(spec, tokenNames(spec).length + patches, 'pre'),
    workOf('head', { others: [map(spec.dim, classes, 1)] }),
  ];
}
