import * as tf from '@tensorflow/tfjs-core';
import { blockStages } from '../../block-stages.ts';
import { activate } from '../../blocks/activate.ts';
import { selfAttention } from '../../blocks/attention.ts';
import { embedding } from '../../blocks/embedding.ts';
import { masked } from '../../blocks/masked.ts';
import { norm, project, projectOnto } from '../../blocks/named.ts';
import { projection } from '../../blocks/projection.ts';
import type { Activation, CreateModel, Parameters, Stage } from '../../model.ts';
import { parameter } from '../../parameters.ts';
import { tokenInput, tokenParts } from '../../token-input.ts';
import { gpt2Layout } from './layout.ts';
import type { Gpt2Spec } from './spec.ts';

/**
 * GPT-2 (Radford et al., 2019): pre-norm and causal. For next-token prediction the classes are the vocabulary and
 * the last stage returns logits of every place, (B, T, V); `classes` counts for classification only.
 */
export const createModel: CreateModel<Gpt2Spec> = (spec, { classes }) => ({
  layout: gpt2Layout(spec, classes),
  classes: spec.head === 'next-token' ? spec.vocabulary : classes,
  stages: [
    embedStage,
    ...Array.from({ length: spec.depth }, (_, index) => block(spec, index)).flat(),
    headStage(spec),
  ],
  input: (batch) => tokenInput(spec, batch, 'from-zero'),
});

/** Words and positions added up: (B, 3, T) -> (B, T, D). */
const embedStage: Stage = {
  layer: 'embed',
  forward(parameters, activation) {
    const { ids, positions } = tokenParts(activation.x);
    const words = embedding(parameter(parameters, 'transformer.wte.weight'), ids); // (B, T, D)
    return masked(
      tf.add(words, embedding(parameter(parameters, 'transformer.wpe.weight'), positions)),
      activation,
    );
  },
};

/** (B, T, D) -> (B, T, D). */
function block(spec: Gpt2Spec, index: number): Stage[] {
  const { heads, layerNormEps: epsilon } = spec;
  const prefix = `transformer.h.${index}`;
  const kernel = (parameters: Parameters, x: tf.Tensor, name: string) =>
    project(parameters, x, `${prefix}.${name}`, 'in-out');
  const onto = (residual: tf.Tensor, parameters: Parameters, x: tf.Tensor, name: string) =>
    projectOnto(residual, parameters, x, `${prefix}.${name}`, 'in-out');
  return blockStages(
    spec.granularity,
    index,
    (parameters, activation) => {
      const { x, mask = null } = activation;
      const qkv = kernel(parameters, norm(parameters, x, `${prefix}.ln_1`, epsilon), 'attn.c_attn');
      const context = selfAttention(qkv, { heads, mask, causal: true });
      return masked(onto(x, parameters, context, 'attn.c_proj'), activation);
    },
    (parameters, activation) => {
      const { x } = activation;
      const inner = kernel(parameters, norm(parameters, x, `${prefix}.ln_2`, epsilon), 'mlp.c_fc');
      return masked(onto(x, parameters, activate(spec.activation, inner), 'mlp.c_proj'), activation);
    },
  );
}

/** (B, T, D) -> (B, T, V), or the last real token's (B, C). */
const headStage = (spec: Gpt2Spec): Stage => ({
  layer: 'head',
  forward(parameters, activation) {
    switch (spec.head) {
      case 'next-token': {
        const normal = norm(parameters, activation.x, 'transformer.ln_f', spec.layerNormEps);
        return { x: projection(normal, parameter(parameters, 'transformer.wte.weight')) };
      }
      case 'classification': {
        const last = norm(parameters, lastToken(activation), 'transformer.ln_f', spec.layerNormEps);
        return { x: projection(last, parameter(parameters, 'score.weight')) };
      }
      default:
        return spec.head satisfies never;
    }
  },
});

/** The last real token of each row: (B, T, D) -> (B, D). */
function lastToken({ x, mask }: Activation): tf.Tensor {
  const [batch = 0, tokens = 0, dim = 0] = x.shape;
  if (!mask) return tf.reshape(tf.slice(x, [0, tokens - 1, 0], [batch, 1, dim]), [batch, dim]);
  // The mask is 1 up to the last real token: minus itself moved one place to the left, only that place is left.
  const moved = tf.concat([tf.slice(mask, [0, 1], [batch, tokens - 1]), tf.zeros([batch, 1])], 1);
  return tf.sum(tf.mul(x, tf.reshape(tf.sub(mask, moved), [batch, tokens, 1])), 1);
}
