import * as tf from '@tensorflow/tfjs-core';
import { blockStages } from '../../block-stages.ts';
import { activate } from '../../blocks/activate.ts';
import { attention } from '../../blocks/attention.ts';
import { firstToken } from '../../blocks/first-token.ts';
import { norm, project, projectOnto } from '../../blocks/named.ts';
import { projection } from '../../blocks/projection.ts';
import { patchInput } from '../../images/patch-input.ts';
import { checkSide } from '../../images/patches.ts';
import { positionResizer } from '../../images/positions.ts';
import type { CreateModel, Stage } from '../../model.ts';
import { parameter } from '../../parameters.ts';
import { clipLayout } from './layout.ts';
import type { ClipSpec } from './spec.ts';

/**
 * CLIP's image encoder (Radford et al., arXiv 2103.00020) with a linear classifier on the projected class token, or on
 * the mean of the patches.
 *
 * @throws StrataError `bad-config` for a side that is no multiple of the patch.
 */
export const createModel: CreateModel<ClipSpec> = (spec, { classes, side }) => {
  checkSide(spec, side);
  return {
    layout: clipLayout(spec, classes),
    classes,
    stages: [
      embedStage(spec, side),
      ...Array.from({ length: spec.depth }, (_, index) => block(spec, index)).flat(),
      headStage(spec),
    ],
    input: (batch) => patchInput(spec, side, batch),
  };
};

/** Patch projection without bias, class token, positions, norm: (B, N, 3 * patch * patch) -> (B, 1 + N, D). */
function embedStage(spec: ClipSpec, side: number): Stage {
  const resize = positionResizer(spec.pretrainedSide / spec.patch, side / spec.patch);
  const prefix = 'vision_model.embeddings';
  return {
    layer: 'embed',
    forward(parameters, { x: patches }) {
      const [batch = 0] = patches.shape;
      const kernel = parameter(parameters, `${prefix}.patch_embedding.weight`); // (D, 3, patch, patch)
      const rows = projection(patches, tf.reshape(kernel, [spec.dim, 3 * spec.patch ** 2]));
      const token = parameter(parameters, `${prefix}.class_embedding`); // (D)
      const first = tf.add(tf.zeros([batch, 1, spec.dim]), token);
      const positions = resize(parameter(parameters, `${prefix}.position_embedding.weight`));
      const x = tf.add(tf.concat([first, rows], 1), positions); // (B, 1 + N, D)
      return { x: norm(parameters, x, 'vision_model.pre_layrnorm', spec.layerNormEps) };
    },
  };
}

/** Pre-norm block: (B, T, D) -> (B, T, D). */
function block(spec: ClipSpec, index: number): Stage[] {
  const { heads, layerNormEps: epsilon } = spec;
  const prefix = `vision_model.encoder.layers.${index}`;
  return blockStages(
    spec.granularity,
    index,
    (parameters, { x }) => {
      const normal = norm(parameters, x, `${prefix}.layer_norm1`, epsilon);
      const part = (name: string) => project(parameters, normal, `${prefix}.self_attn.${name}`);
      const context = attention(part('q_proj'), part('k_proj'), part('v_proj'), {
        heads,
        mask: null,
        causal: false,
      });
      return { x: projectOnto(x, parameters, context, `${prefix}.self_attn.out_proj`) };
    },
    (parameters, { x }) => {
      const normal = norm(parameters, x, `${prefix}.layer_norm2`, epsilon);
      const inner = activate(spec.activation, project(parameters, normal, `${prefix}.mlp.fc1`));
      return { x: projectOnto(x, parameters, inner, `${prefix}.mlp.fc2`) };
    },
  );
}

/** (B, T, D) -> (B, C). */
const headStage = (spec: ClipSpec): Stage => ({
  layer: 'head',
  forward(parameters, { x }) {
    const { classified, layerNormEps: epsilon } = spec;
    switch (classified.from) {
      // Norm, projection and classifier on the class token.
      case 'embedding': {
        const normal = norm(parameters, firstToken(x), 'vision_model.post_layernorm', epsilon);
        const embedding = projection(normal, parameter(parameters, 'visual_projection.weight')); // (B, P)
        return { x: project(parameters, embedding, 'classifier') };
      }
      case 'patches': {
        const [batch = 0, tokens = 0, dim = 0] = x.shape;
        const patches = tf.slice(x, [0, 1, 0], [batch, tokens - 1, dim]);
        return { x: project(parameters, tf.mean(patches, 1), 'classifier') };
      }
      default:
        return classified satisfies never;
    }
  },
});
