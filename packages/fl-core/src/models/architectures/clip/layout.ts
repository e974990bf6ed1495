import { blockLayers } from '../../block-layers.ts';
import type { LayerSpec, ModelLayout, TensorSpec } from '../../layout.ts';
import { fanIn, forLabels, linearTensors, normTensors, optional, small, table } from '../../tensor-specs.ts';
import { type LayerWork, workOf } from '../../work/layer-work.ts';
import { blocksWork, map, patchesOf, patchWork } from '../../work/transformer-work.ts';
import type { ClipSpec } from './spec.ts';

/**
 * CLIP's image encoder as layers, with the names of transformers' CLIPVisionModelWithProjection ("pre_layrnorm" is
 * theirs). As in Sun et al., arXiv 2408.15600: the embeddings are frozen; post layer norm, projection and
 * classifier are always trained.
 */
export function clipLayout(spec: ClipSpec, classes: number): ModelLayout {
  const { dim, patch, pretrainedSide } = spec;
  const embeddings = 'vision_model.embeddings';
  return {
    layers: [
      {
        name: 'embed',
        role: 'embed',
        tensors: [
          { name: `${embeddings}.class_embedding`, shape: [dim], initial: small },
          {
            name: `${embeddings}.patch_embedding.weight`,
            shape: [dim, 3, patch, patch],
            initial: fanIn(3 * patch * patch),
          },
          table(`${embeddings}.position_embedding.weight`, 1 + (pretrainedSide / patch) ** 2, dim),
          ...normTensors('vision_model.pre_layrnorm', dim),
        ],
      },
      ...Array.from({ length: spec.depth }, (_, index) => block(spec, index)).flat(),
      {
        name: 'head',
        role: 'head',
        tensors: headTensors(spec, classes),
      },
    ],
  };
}

function headTensors({ dim, classified }: ClipSpec, classes: number): TensorSpec[] {
  switch (classified.from) {
    case 'embedding':
      return [
        ...normTensors('vision_model.post_layernorm', dim),
        // A CLIPVisionModel has none: it is drawn, and trained with the classifier.
        ...optional([
          { name: 'visual_projection.weight', shape: [classified.projection, dim], initial: fanIn(dim) },
        ]),
        ...forLabels(linearTensors('classifier', classified.projection, classes)),
      ];
    case 'patches':
      return forLabels(linearTensors('classifier', dim, classes));
    default:
      return classified satisfies never;
  }
}

function block({ dim, mlp, granularity }: ClipSpec, index: number): LayerSpec[] {
  const prefix = `vision_model.encoder.layers.${index}`;
  return blockLayers(
    granularity,
    index,
    [
      ...normTensors(`${prefix}.layer_norm1`, dim),
      ...['q_proj', 'k_proj', 'v_proj', 'out_proj'].flatMap((name) =>
        linearTensors(`${prefix}.self_attn.${name}`, dim, dim),
      ),
    ],
    [
      ...normTensors(`${prefix}.layer_norm2`, dim),
      ...linearTensors(`${prefix}.mlp.fc1`, dim, mlp),
      ...linearTensors(`${prefix}.mlp.fc2`, mlp, dim),
    ],
  );
}

export function clipWork(spec: ClipSpec, classes: number, side: number): LayerWork[] {
  const patches = patchesOf(side, spec.patch);
  return [
    patchWork(spec.dim, spec.patch, patches),
    ...blocksWork(spec, 1 + patches, 'pre'),
    headWork(spec, classes),
  ];
}

function headWork({ dim, classified }: ClipSpec, classes: number): LayerWork {
  switch (classified.from) {
    case 'embedding': {
      const { projection } = classified;
      return workOf('head', { others: [map(dim, projection, 1), map(projection, classes, 1)] });
    }
    case 'patches':
      return workOf('head', { first: [map(dim, classes, 1)] });
    default:
      return classified satisfies never;
  }
}
