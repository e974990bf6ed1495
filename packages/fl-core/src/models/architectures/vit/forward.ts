import * as tf from '@tensorflow/tfjs-core';
import { blockStages } from '../../block-stages.ts';
import { activate } from '../../blocks/activate.ts';
import { selfAttention } from '../../blocks/attention.ts';
import { firstToken } from '../../blocks/first-token.ts';
import { linear } from '../../blocks/linear.ts';
import { norm, project, projectOnto } from '../../blocks/named.ts';
import { patchInput } from '../../images/patch-input.ts';
import { checkSide } from '../../images/patches.ts';
import { positionResizer } from '../../images/positions.ts';
import type { CreateModel, Stage } from '../../model.ts';
import { parameter } from '../../parameters.ts';
import { tokenNames, vitLayout } from './layout.ts';
import type { VitSpec } from './spec.ts';

/**
 * Vision Transformer (Dosovitskiy et al., arXiv 2010.11929; DeiT: Touvron et al., arXiv 2012.12877) as in timm:
 * pre-norm, classification from the class token.
 *
 * @throws StrataError `bad-config` for a side that is no multiple of the patch.
 */
export const createModel: CreateModel<VitSpec> = (spec, { classes, side }) => {
  checkSide(spec, side);
  return {
    layout: vitLayout(spec, classes),
    classes,
    stages: [
      embedStage(spec, side),
      ...Array.from({ length: spec.depth }, (_, index) => block(spec, index)).flat(),
      headStage(spec),
    ],
    input: (batch) => patchInput(spec, side, batch),
  };
};

/** Patch projection, class token, positions: (B, N, 3 * patch * patch) -> (B, 1 + N, D). */
function embedStage(spec: VitSpec, side: number): Stage {
  const resize = positionResizer(spec.pretrainedSide / spec.patch, side / spec.patch);
  return {
    layer: 'embed',
    forward(parameters, { x: patches }) {
      const [batch = 0] = patches.shape;
      const kernel = parameter(parameters, 'patch_embed.proj.weight'); // (D, 3, patch, patch)
      const flat = tf.reshape(kernel, [spec.dim, 3 * spec.patch ** 2]);
      const rows = linear(patches, flat, parameter(parameters, 'patch_embed.proj.bias'), 'out-in');
      // Adding to zeros broadcasts over the batch with a cheap gradient; tf.tile's is a loop over the batch.
      const first = tokenNames(spec).map((name) =>
        tf.add(tf.zeros([batch, 1, spec.dim]), parameter(parameters, name)),
      );
      return { x: tf.add(tf.concat([...first, rows], 1), resize(parameter(parameters, 'pos_embed'))) };
    },
  };
}

/** (B, T, D) -> (B, T, D). */
function block(spec: VitSpec, index: number): Stage[] {
  const { heads, layerNormEps: epsilon } = spec;
  const prefix = `blocks.${index}`;
  return blockStages(
    spec.granularity,
    index,
    (parameters, { x }) => {
      const qkv = project(parameters, norm(parameters, x, `${prefix}.norm1`, epsilon), `${prefix}.attn.qkv`);
      const context = selfAttention(qkv, { heads, mask: null, causal: false });
      return { x: projectOnto(x, parameters, context, `${prefix}.attn.proj`) };
    },
    (parameters, { x }) => {
      const inner = project(parameters, norm(parameters, x, `${prefix}.norm2`, epsilon), `${prefix}.mlp.fc1`);
      return { x: projectOnto(x, parameters, activate(spec.activation, inner), `${prefix}.mlp.fc2`) };
    },
  );
}

/** Final norm and classifier on the class token: (B, T, D) -> (B, C). */
const headStage = (spec: VitSpec): Stage => ({
  layer: 'head',
  forward: (parameters, { x }) => ({
    x: project(parameters, norm(parameters, firstToken(x), 'norm', spec.layerNormEps), 'head'),
  }),
});
