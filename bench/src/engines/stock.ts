import { createRequire } from 'node:module';
import { labelsOf, optimizer, tokensOf, type VitSpec, type Workload } from '@strata/gpu-bench';
import * as tf from '@tensorflow/tfjs-core';
import type { VitEngineFactory } from './engine.ts';
import { startTfjs } from './tfjs-backend.ts';
import { patchesOf, vitValues } from './vit-values.ts';

// tfjs-core's Node bundle brings no gradients; they are in files that only require() resolves.
createRequire(import.meta.url)('@tensorflow/tfjs-core/dist/register_all_gradients.js');

type Values = Readonly<Record<string, tf.Variable>>;

/** tfjs 4.22 as it comes: `variableGrads` over composed operations, `tf.train.adam`, nothing of ours registered. */
export const stock: VitEngineFactory = async ({ backend, workload }) => {
  const meters = await startTfjs(backend, () => {});
  const initial = vitValues(workload);
  const labels = labelsOf(workload);
  const plain = patchesOf(workload);
  const patches = tf.tensor(plain.data, [...plain.shape]);
  const targets = tf.oneHot(tf.tensor1d(labels, 'int32'), workload.classes);
  return {
    meters,
    prepare: async ({ layers, warm }) => {
      if (warm) return null;
      const values: Values = Object.fromEntries(
        initial.map(({ name, tensor }) => {
          const value = tf.tensor(tensor.data.slice(), [...tensor.shape]);
          return [name, tf.variable(value, true, name)];
        }),
      );
      const chosen = initial.filter(({ layer }) => layers.includes(layer)).map(({ name }) => name);
      const { learningRate, beta1, beta2, epsilon } = optimizer;
      const adam = tf.train.adam(learningRate, beta1, beta2, epsilon);
      return {
        take: async () => {
          const { value, grads } = tf.variableGrads(
            () =>
              tf.reshape<tf.Rank.R0>(
                tf.losses.softmaxCrossEntropy(targets, logitsOf(workload, values, patches)),
                [],
              ),
            chosen.map((name) => values[name]!),
          );
          adam.applyGradients(chosen.map((name) => ({ name, tensor: grads[name]! })));
          tf.dispose(grads);
          const [loss = Number.NaN] = await value.data<'float32'>();
          value.dispose();
          // The loss is known before the update is done.
          await values[chosen[0]!]!.data();
          return loss;
        },
        end: async () => {
          adam.dispose();
          tf.dispose(values);
        },
      };
    },
  };
};

function logitsOf(workload: Workload<VitSpec>, values: Values, patches: tf.Tensor): tf.Tensor {
  const { spec: w, batch } = workload;
  const at = (name: string): tf.Tensor => values[name]!;
  const linear = (x: tf.Tensor, name: string): tf.Tensor => {
    const kernel = at(`${name}.weight`);
    const rows = tf.reshape(x, [-1, kernel.shape[0]!]);
    const y = tf.add(tf.matMul(rows, kernel), at(`${name}.bias`));
    return tf.reshape(y, [...x.shape.slice(0, -1), kernel.shape[1]!]);
  };
  const norm = (x: tf.Tensor, name: string): tf.Tensor => {
    const { mean, variance } = tf.moments(x, -1, true);
    const scaled = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-6)));
    return tf.add(tf.mul(scaled, at(`${name}.weight`)), at(`${name}.bias`));
  };
  const tokens = tokensOf(workload);
  const heads = (x: tf.Tensor): tf.Tensor =>
    tf.transpose(tf.reshape(x, [batch, tokens, w.heads, w.dim / w.heads]), [0, 2, 1, 3]);
  const attention = (qkv: tf.Tensor): tf.Tensor => {
    const [q, k, v] = tf.split(qkv, 3, 2).map(heads);
    const scores = tf.mul(tf.matMul(q!, k!, false, true), 1 / Math.sqrt(w.dim / w.heads));
    const context = tf.matMul(tf.softmax(scores), v!);
    return tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [batch, tokens, w.dim]);
  };
  const gelu = (x: tf.Tensor): tf.Tensor =>
    tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));

  const first = tf.tile(at('cls_token'), [batch, 1, 1]);
  let x = tf.add(tf.concat([first, linear(patches, 'patch_embed.proj')], 1), at('pos_embed'));
  for (let i = 0; i < w.depth; i++) {
    const block = `blocks.${i}`;
    const qkv = linear(norm(x, `${block}.norm1`), `${block}.attn.qkv`);
    x = tf.add(x, linear(attention(qkv), `${block}.attn.proj`));
    const hidden = gelu(linear(norm(x, `${block}.norm2`), `${block}.mlp.fc1`));
    x = tf.add(x, linear(hidden, `${block}.mlp.fc2`));
  }
  const token = tf.reshape(tf.slice(x, [0, 0, 0], [batch, 1, w.dim]), [batch, w.dim]);
  return linear(norm(token, 'norm'), 'head');
}
