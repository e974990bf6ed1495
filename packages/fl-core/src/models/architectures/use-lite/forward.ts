import * as tf from '@tensorflow/tfjs-core';
import { StrataError } from '../../../protocol/index.ts';
import type { Batch } from '../../batch.ts';
import { selfAttention } from '../../blocks/attention.ts';
import { layerNorm } from '../../blocks/layer-norm.ts';
import { linear, linearOnto } from '../../blocks/linear.ts';
import { masked } from '../../blocks/masked.ts';
import type { Activation, CreateModel, Parameters, Stage } from '../../model.ts';
import { parameter } from '../../parameters.ts';
import { blockInput, useLiteLayout } from './layout.ts';
import type { UseLiteSpec } from './spec.ts';

/**
 * Universal Sentence Encoder Lite (Cer et al., arXiv 1803.11175; tfjs GraphModel of TF Hub's
 * universal-sentence-encoder-lite/2): pre-norm Transformer, mean over tokens, tanh, unit length.
 * The activation between `pooling` and `head` is the sentence embedding, (B, D).
 */
export const createModel: CreateModel<UseLiteSpec> = (spec, { classes }) => {
  const blocks = Array.from({ length: spec.depth }, (_, index) => [
    attentionStage(spec, index),
    feedForwardStage(spec, index),
  ]).flat();
  return {
    layout: useLiteLayout(spec, classes),
    classes,
    stages: [embedStage(spec), ...blocks, poolingStage, headStage(spec)],
    input: (batch) => tokenInput(spec, batch),
  };
};

/** Token ids (B, T) and the mask of real tokens (B, T). Throws `bad-config` on a batch that does not fit. */
function tokenInput(spec: UseLiteSpec, batch: Batch): Activation {
  if (batch.kind !== 'text') throw misfit(spec, `a batch of kind ${batch.kind}`);
  const { size, length, ids, lengths } = batch;
  // An index beyond the table reads foreign memory on wasm.
  const unknown = ids.find((id) => id < 0 || id >= spec.vocabulary);
  if (unknown !== undefined) throw misfit(spec, `token ${unknown}; its vocabulary has ${spec.vocabulary}`);
  const mask = Float32Array.from(ids, (_, i) =>
    i % length < (lengths[Math.floor(i / length)] ?? 0) ? 1 : 0,
  );
  return { x: tf.tensor2d(ids, [size, length], 'int32'), mask: tf.tensor2d(mask, [size, length]) };
}

const misfit = (spec: UseLiteSpec, what: string) =>
  new StrataError(
    'bad-config',
    `${spec.id} was given ${what}.`,
    'Tokenize text with the vocabulary of the model.',
  );

/** 2 E[id] plus the position signal [sin(p f), cos(p f)]: (B, T) -> (B, T, E). */
const embedStage = (spec: UseLiteSpec): Stage => ({
  layer: 'embed',
  forward(parameters, { x: ids, ...rest }) {
    const [batch = 0, tokens = 0] = ids.shape;
    const rows = tf.gather(parameter(parameters, 'embeddings.weight'), tf.reshape(ids, [batch * tokens])); // (B*T, E)
    const words = tf.reshape(tf.mul(rows, 2), [batch, tokens, spec.embedding]);
    const frequencies = tf.reshape(parameter(parameters, 'pos.inv_freq'), [1, spec.embedding / 2]);
    const positions = tf.reshape(tf.range(0, tokens, 1, 'float32'), [tokens, 1]);
    const angles = tf.mul(positions, frequencies); // (T, E/2)
    return { ...rest, x: tf.add(words, tf.concat([tf.sin(angles), tf.cos(angles)], 1)) };
  },
});

const kernel = (parameters: Parameters, x: tf.Tensor, prefix: string) =>
  linear(x, parameter(parameters, `${prefix}.kernel`), parameter(parameters, `${prefix}.bias`), 'in-out');

const kernelOnto = (residual: tf.Tensor, parameters: Parameters, x: tf.Tensor, prefix: string) =>
  linearOnto(
    residual,
    x,
    parameter(parameters, `${prefix}.kernel`),
    parameter(parameters, `${prefix}.bias`),
    'in-out',
  );

const norm = (parameters: Parameters, x: tf.Tensor, prefix: string, epsilon: number) =>
  layerNorm(x, parameter(parameters, `${prefix}.gamma`), parameter(parameters, `${prefix}.beta`), epsilon);

/** (B, T, E or D) -> (B, T, D). */
function attentionStage(spec: UseLiteSpec, index: number): Stage {
  const prefix = `layers.${index}`;
  return {
    layer: `block${index}.attention`,
    forward(parameters, activation) {
      const { x, mask } = activation;
      const qkv = kernel(
        parameters,
        norm(parameters, x, `${prefix}.ln1`, spec.layerNormEps),
        `${prefix}.attn.qkv`,
      );
      const context = selfAttention(qkv, { heads: spec.heads, mask: mask ?? null, causal: false });
      const widens = blockInput(spec, index) !== spec.dim;
      const residual = widens ? kernel(parameters, x, `${prefix}.residual`) : x;
      return masked(kernelOnto(residual, parameters, context, `${prefix}.attn.out`), activation);
    },
  };
}

/** (B, T, D) -> (B, T, D). */
function feedForwardStage(spec: UseLiteSpec, index: number): Stage {
  const prefix = `layers.${index}`;
  return {
    layer: `block${index}.feedforward`,
    forward(parameters, activation) {
      const { x } = activation;
      const hidden = kernel(
        parameters,
        norm(parameters, x, `${prefix}.ln2`, spec.layerNormEps),
        `${prefix}.ffn.fc1`,
      );
      return masked(kernelOnto(x, parameters, tf.relu(hidden), `${prefix}.ffn.fc2`), activation);
    },
  };
}

/** Mean over real tokens, tanh projection, unit length: (B, T, D) -> (B, D). */
const poolingStage: Stage = {
  layer: 'pooling',
  forward(parameters, { x, mask }) {
    const projected = tf.tanh(kernel(parameters, meanOverTokens(x, mask), 'head.tanh')); // (B, D)
    const squares = tf.sum(tf.square(projected), 1, true); // (B, 1)
    return { x: tf.mul(projected, tf.rsqrt(tf.add(squares, 1e-12))) };
  },
};

/** A text without tokens has the mean 0, not NaN. */
function meanOverTokens(x: tf.Tensor, mask: tf.Tensor | undefined): tf.Tensor {
  if (!mask) return tf.mean(x, 1);
  const [batch = 0, tokens = 0] = mask.shape;
  const total = tf.sum(tf.mul(x, tf.reshape(mask, [batch, tokens, 1])), 1); // (B, D)
  return tf.div(total, tf.maximum(tf.sum(mask, 1, true), 1));
}

/**
 * Linear classifier: (B, D) -> (B, C). The unit-length embedding is scaled to unit mean square first, as a
 * final layer norm would leave it: otherwise the features are 20 times smaller than an optimizer's usual
 * step size is made for.
 */
const headStage = (spec: UseLiteSpec): Stage => ({
  layer: 'head',
  forward: (parameters, { x }) => ({ x: kernel(parameters, tf.mul(x, Math.sqrt(spec.dim)), 'head') }),
});
