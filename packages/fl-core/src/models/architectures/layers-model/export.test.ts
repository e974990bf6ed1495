import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as library from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerKernels } from '../../../kernels/index.ts';
import { random } from '../../../random.ts';
import type { ImageBatch } from '../../batch.ts';
import { loadModel } from '../../load.ts';
import { classTargets } from '../../targets.ts';
import { run, upload } from '../../testing/run.ts';
import { layersModelSpec } from './config.ts';
import { exportLayersModel } from './export.ts';
import { readLayersModel } from './read.ts';
import { drawnWeights, exampleModels, mobileNet, saveModel, specOfSaved } from './testing.ts';

const labels = ['a', 'b', 'c', 'd'];
const examples = { ...exampleModels(library), mobilenet: () => mobileNet(library) };

beforeAll(async () => {
  registerKernels('cpu');
  await tf.setBackend('cpu');
});

describe.each([
  ['plain', 12],
  ['residual', 12],
  ['convolutional', 12],
  ['mobilenet', 96],
] as const)('the export of %s', (name, side) => {
  it('opens with tf.loadLayersModel and gives the probabilities of our logits', async () => {
    const spec = specOfSaved(await saveModel(library, examples[name]()));
    const model = await loadModel(spec, { classes: labels.length, side });
    const weights = drawnWeights(model.layout, 2);
    const json = JSON.parse(JSON.stringify(exportLayersModel(spec, labels, weights, side)));

    const bytes = await new Blob(weights.map((t) => new Float32Array(t.data))).arrayBuffer();
    const theirs = await library.loadLayersModel({
      load: async () => ({ ...json, weightSpecs: json.weightsManifest[0].weights, weightData: bytes }),
    });
    const rng = random('exported images');
    const pixels = Uint8Array.from({ length: 2 * side * side * 3 }, () => rng.below(256));
    const batch: ImageBatch = {
      kind: 'image',
      side,
      size: 2,
      pixels,
      targets: classTargets(new Int32Array(2)),
    };
    const ours = tf.tidy(() => tf.softmax(run(model, upload(weights), batch).x).dataSync());
    const answer = tf.tidy(() => (theirs.predict(model.input(batch).x) as tf.Tensor).dataSync());
    expect(answer).toHaveLength(2 * labels.length);
    answer.forEach((p, i) => {
      expect(p).toBeCloseTo(ours[i]!, 5);
    });
    expect(theirs.getUserDefinedMetadata()).toEqual({ labels, side, pixels: spec.pixels });
  });

  it('is the same model when it comes back', async () => {
    const spec = specOfSaved(await saveModel(library, examples[name]()));
    const model = await loadModel(spec, { classes: labels.length, side });
    const read = readLayersModel(exportLayersModel(spec, labels, drawnWeights(model.layout), side), 'again');
    expect(read.labels).toEqual(labels);
    const again = layersModelSpec(read.found, { id: spec.id });
    const second = await loadModel(again, { classes: labels.length, side });
    expect(second.layout).toEqual(model.layout);
    expect(again).toMatchObject({ title: spec.title, pixels: spec.pixels, channels: spec.channels });
  });
});
