import { getThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { env, findBackendFactory, registerBackend, removeBackend, setBackend } from '@tensorflow/tfjs-core';
import { StrataError } from '../protocol/errors.ts';

/** Where the three .wasm files of tfjs-backend-wasm are served: a folder's URL, or one URL a file. */
export type WasmPaths =
  | string
  | Readonly<
      Record<
        'tfjs-backend-wasm.wasm' | 'tfjs-backend-wasm-simd.wasm' | 'tfjs-backend-wasm-threaded-simd.wasm',
        string
      >
    >;

/** Starting takes a second; a pool of threads whose workers are not allowed to load never answers. */
const patienceMs = 20_000;

/** XNNPACK takes half of the cores: below this the pool's eight workers would serve one thread. */
const coresForThreads = 4;

/**
 * Starts tfjs on WebAssembly with SIMD, and with threads where the context is cross-origin isolated, has cores
 * for them, and its policy lets workers run scripts from `blob:`.
 * Returns the number of threads. Without paths, Node finds the files in the package.
 */
export async function startWasm(paths?: WasmPaths): Promise<number> {
  const cores = globalThis.navigator?.hardwareConcurrency ?? 1;
  if (cores < coresForThreads) env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  if (paths !== undefined) setWasmPaths(typeof paths === 'string' ? paths : { ...paths });
  if (!(await withinPatience(setBackend('wasm'))) && !(await startUnthreaded())) {
    throw new StrataError(
      'unavailable',
      'TensorFlow.js could not start on WebAssembly.',
      'Use a current version of Chrome, Edge, Firefox or Safari, and check that .wasm files can be loaded.',
    );
  }
  return (await env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT')) ? Math.max(1, getThreadsCount()) : 1;
}

/** A second try on one thread, after the first one failed or hung. */
async function startUnthreaded(): Promise<boolean> {
  const factory = findBackendFactory('wasm');
  removeBackend('wasm');
  registerBackend('wasm', factory, 2);
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  return withinPatience(setBackend('wasm'));
}

async function withinPatience(start: Promise<boolean>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), patienceMs);
  });
  try {
    return await Promise.race([start, late]);
  } finally {
    clearTimeout(timer);
  }
}
