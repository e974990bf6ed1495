import '@tensorflow/tfjs-backend-wasm';
import { type Dawn, openDawn, startDawn } from '@strata/fl-core/kernels/testing';
import { gpuMeters, heapMeters, type Meters } from '@strata/gpu-bench';
import * as tf from '@tensorflow/tfjs-core';
import type { BackendName } from './engine.ts';

/** Starts one of tfjs's backends in Node, `register` before it, and meters on it. Throws when there is none. */
export async function startTfjs(backend: BackendName, register: () => void): Promise<Meters> {
  switch (backend) {
    case 'webgpu': {
      const dawn = await openDawn();
      if ('reason' in dawn) throw new Error(dawn.reason);
      register();
      return startGpu(dawn);
    }
    case 'wasm': {
      tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
      register();
      if (!(await tf.setBackend('wasm'))) throw new Error('tfjs could not start wasm.');
      const started = tf.backend();
      if (!('wasm' in started)) throw new Error('tfjs started another backend than wasm.');
      return heapMeters(started.wasm as Parameters<typeof heapMeters>[0]);
    }
    default:
      return backend satisfies never;
  }
}

async function startGpu(dawn: Dawn): Promise<Meters> {
  const meters = gpuMeters();
  await startDawn(dawn);
  if (!(await tf.setBackend('webgpu'))) throw new Error('tfjs could not start WebGPU.');
  return meters;
}
