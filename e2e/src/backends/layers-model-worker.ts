import { type LayersModelErrors, layersModelErrors } from '@strata/fl-core/models/testing';
import { chooseBackend } from '@strata/fl-core/training';
import * as tf from '@tensorflow/tfjs-core';

export interface WorkerTask {
  readonly force: 'webgpu' | 'wasm';
}

export interface Outcome extends LayersModelErrors {
  readonly backend: string;
}

/** Runs the LayersModel of experiments/oracles/layers-model.py on the backend asked for. */
async function work({ force }: WorkerTask): Promise<Outcome> {
  await chooseBackend({ force, wasmPaths: '/wasm/' });
  const errors = await layersModelErrors(async (file) => {
    const response = await fetch(`/models/layers-model/fixtures/network/${file}`);
    if (!response.ok) throw new Error(`There is no ${file}.`);
    return new Uint8Array(await response.arrayBuffer());
  });
  return { backend: tf.getBackend(), ...errors };
}

addEventListener('message', ({ data: task }: MessageEvent<WorkerTask>) => {
  work(task).then(
    (outcome) => postMessage({ outcome }),
    (error: unknown) =>
      postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
