import type { Dataset } from '@strata/fl-core/data';
import { alwaysTrained, catalog, layoutOf, loadModel } from '@strata/fl-core/models';
import { seededLayer } from '@strata/fl-core/models/testing';
import { LocalConfig } from '@strata/fl-core/protocol';
import { random } from '@strata/fl-core/random';
import {
  type BackendOptions,
  type ChosenBackend,
  chooseBackend,
  finish,
  Trainer,
} from '@strata/fl-core/training';
import * as tf from '@tensorflow/tfjs-core';

/** Trains vit-nano a little on the backend asked for, and posts what came out as plain values. */
export interface WorkerTask {
  readonly force: BackendOptions['force'] | null;
  /** Destroys the GPU device after so many batches of training; 0: never. */
  readonly destroyAfter: number;
}

export interface Outcome {
  readonly chosen: Pick<ChosenBackend, 'name' | 'reason' | 'adapter' | 'threads'>;
  readonly scores: Record<string, number>;
  readonly update: Record<string, number[]>;
  readonly evaluation: { loss: number; accuracy: number; samples: number };
  readonly losses: number;
  /** Batches trained, those done again included. */
  readonly batches: number;
  /** Tensors alive after each of two rounds. */
  readonly tensors: number[];
  readonly milliseconds: number;
}

const spec = catalog['vit-nano'];
const classes = 3;
const side = 32;

function data(): Dataset {
  const source = random('browser test');
  const samples = 8;
  return {
    kind: 'image',
    side,
    pixels: Uint8Array.from({ length: samples * side * side * 3 }, () => source.below(256)),
    labels: Int32Array.from({ length: samples }, (_, i) => i % classes),
  };
}

function destroyDevice(): void {
  const backend = tf.backend();
  if (!('device' in backend && backend.device instanceof GPUDevice))
    throw new Error('There is no GPU device.');
  backend.device.destroy();
}

async function work({ force, destroyAfter }: WorkerTask): Promise<Outcome> {
  const started = performance.now();
  const { recovery, ...chosen } = await chooseBackend({ ...(force ? { force } : {}), wasmPaths: '/wasm/' });
  const layout = layoutOf(spec, classes);
  let losses = 0;
  const onDeviceLost = () => {
    losses += 1;
  };
  const trainer = new Trainer(await loadModel(spec, { classes, side }), { recovery, onDeviceLost });
  for (const { name } of layout.layers) trainer.setLayer(name, seededLayer(spec, layout, name, 1));

  const samples = data();
  const local = LocalConfig.parse({
    epochs: 2,
    batchSize: 4,
    optimizer: { name: 'sgd', learningRate: 0.1, momentum: 0.5 },
  });
  const layers = [...layout.layers.filter((l) => l.role === 'block').slice(-2), ...layout.layers.slice(-1)];
  const options = {
    layers: [...new Set([...layers.map((l) => l.name), ...alwaysTrained(layout)])],
    local,
    seed: 1,
  };

  const { scores } = await finish(trainer.probe(samples, { batches: 1, batchSize: 4, seed: 1 }));
  let batches = 0;
  const { update } = await finish(trainer.train(samples, options), () => {
    batches += 1;
    if (batches === destroyAfter) destroyDevice();
  });
  const evaluation = await finish(trainer.evaluate(samples, { batchSize: 4 }));
  // A new lowest layer ends what is cached above it; what is left must be the same after every round (C4).
  const afterRound = async (seed: number) => {
    trainer.setLayer('embed', seededLayer(spec, layout, 'embed', seed));
    await finish(trainer.evaluate(samples, { batchSize: 4 }));
    return tf.memory().numTensors;
  };
  const tensors = [await afterRound(2)];
  await finish(trainer.train(samples, { ...options, layers: options.layers.slice(-1), seed: 2 }));
  tensors.push(await afterRound(3));
  trainer.dispose();
  return {
    chosen,
    scores,
    update: Object.fromEntries(update.map((t) => [t.name, [...t.data]])),
    evaluation,
    losses,
    batches,
    tensors,
    milliseconds: performance.now() - started,
  };
}

addEventListener('message', ({ data: task }: MessageEvent<WorkerTask>) => {
  work(task).then(
    (outcome) => postMessage({ outcome }),
    (error: unknown) =>
      postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
