import * as tf from '@tensorflow/tfjs-core';
import { decodeSafetensors, type NamedTensor } from '../../protocol/index.ts';
import { layoutOf } from '../architectures/index.ts';
import type { Batch, TextBatch } from '../batch.ts';
import type { Granularity } from '../common-spec.ts';
import { importLayer } from '../hub/import.ts';
import { planImport } from '../hub/plan.ts';
import { loadModel } from '../load.ts';
import type { Parameters } from '../model.ts';
import { headOf, type ModelSpec } from '../spec.ts';
import { type Fixture, openFixture } from './fixture.ts';
import { run, upload } from './run.ts';

/** Largest errors of one case, relative to the largest value of the tensor. */
export interface ReferenceErrors {
  readonly logits: number;
  readonly loss: number;
  /** By parameter; relative to no less than 1e-3 of the model's largest gradient, where the truth is 0 to 1e-2. */
  readonly gradients: Readonly<Record<string, number>>;
}

const toyClasses = 3;

/**
 * Runs a fixture's model on tfjs's current backend, for which gradients must be registered, and compares logits,
 * loss and the gradient of every parameter with PyTorch's. One entry a case.
 */
export async function referenceErrors(
  fixture: Fixture,
  granularity: Granularity = 'block',
): Promise<ReferenceErrors[]> {
  const { spec, cases } = await openFixture(fixture, granularity);
  const weights = await imported(spec, await fixture('model.safetensors'));
  const errors: ReferenceErrors[] = [];
  for (const [index, { batch, logits, loss }] of cases.entries()) {
    const expected = await imported(spec, await fixture(`gradients-${index}.safetensors`));
    const actual = await gradients(spec, weights, batch);
    const largest = Math.max(...expected.map((t) => largestOf(t.data)));
    errors.push({
      logits: logitsError(spec, actual.logits, logits, batch),
      loss: Math.abs(actual.loss - loss) / Math.abs(loss),
      gradients: Object.fromEntries(
        expected.map(({ name, data }) => [
          name,
          difference(actual.gradients.get(name)!, data) / scaleOf(largestOf(data), largest),
        ]),
      ),
    });
  }
  return errors;
}

/** A key's bias moves all scores of a query alike: its gradient is 0, and both frameworks give rounding noise. */
const scaleOf = (own: number, largest: number): number =>
  own < 1e-5 * largest ? 1e-2 * largest : Math.max(own, 1e-3 * largest);

/** A file's tensors under our names, the classifier among them. */
export async function imported(spec: ModelSpec, file: Uint8Array): Promise<NamedTensor[]> {
  const tensors = new Map(decodeSafetensors(file).tensors.map((t) => [t.name, t]));
  const available = new Map([...tensors.values()].map((t) => [t.name, t.shape]));
  const plan = planImport(spec, layoutOf(spec, toyClasses), { available, sameLabels: true });
  const layers = await Promise.all(
    plan.map((layer) => importLayer(spec, layer, 1, async (name) => tensors.get(name)!.data)),
  );
  return layers.flat();
}

async function gradients(spec: ModelSpec, weights: readonly NamedTensor[], batch: Batch) {
  const side = batch.kind === 'image' ? batch.side : 1;
  const model = await loadModel(spec, { classes: toyClasses, side });
  const parameters = upload(weights);
  const names = Object.keys(parameters);
  const { logits, value, grads } = tf.tidy(() => {
    const forward = (all: Parameters) => run(model, all, batch).x;
    const { value, grads } = tf.valueAndGrads((...values: tf.Tensor[]) =>
      lossOf(spec, forward(Object.fromEntries(names.map((name, i) => [name, values[i]!]))), batch),
    )(Object.values(parameters));
    return { logits: forward(parameters), value, grads };
  });
  const result = {
    logits: await logits.data(),
    loss: (await value.data())[0]!,
    gradients: new Map<string, ArrayLike<number>>(),
  };
  for (const [i, name] of names.entries()) result.gradients.set(name, await grads[i]!.data());
  tf.dispose([parameters, logits, value, grads]);
  return result;
}

/** Mean cross-entropy: of the label, or of the token that follows each real one. */
function lossOf(spec: ModelSpec, logits: tf.Tensor, batch: Batch): tf.Scalar {
  const width = logits.shape.at(-1) ?? 1;
  const targets = headOf(spec) === 'next-token' ? nextTokens(batch as TextBatch) : [...classIds(batch)];
  const count = targets.filter((t) => t >= 0).length;
  // One-hot of -1 is all zeros: no target.
  const chosen = tf.oneHot(tf.tensor1d(targets, 'int32'), width); // (N, C)
  const logProbabilities = tf.logSoftmax(tf.reshape(logits, [-1, width])); // (N, C)
  return tf.mul(tf.sum(tf.mul(logProbabilities, chosen)), -1 / count);
}

const classIds = ({ targets }: Batch): number[] => (targets.kind === 'classes' ? [...targets.ids] : []);

const nextTokens = ({ ids, length, lengths }: TextBatch): number[] =>
  Array.from(ids, (_, i) => {
    const [row, t] = [Math.floor(i / length), i % length];
    return t + 1 < (lengths[row] ?? 0) ? (ids[i + 1] ?? -1) : -1;
  });

/** Logits behind the end of a text mean nothing and are left out. */
function logitsError(
  spec: ModelSpec,
  actual: ArrayLike<number>,
  expected: readonly number[],
  batch: Batch,
): number {
  const real = (i: number) => {
    if (headOf(spec) === 'classification' || batch.kind !== 'text') return true;
    const place = Math.floor((i * batch.size * batch.length) / expected.length);
    return place % batch.length < (batch.lengths[Math.floor(place / batch.length)] ?? 0);
  };
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  const errors = expected.map((v, i) => (real(i) ? actual[i]! - v : 0));
  return largestOf(errors) / largestOf(expected);
}

const largestOf = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((max, v) => Math.max(max, Math.abs(v)), 0);

const difference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  a.length === b.length ? largestOf(Array.from(a, (v, i) => v - b[i]!)) : Number.POSITIVE_INFINITY;
