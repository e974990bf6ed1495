import { StrataError } from '@strata/fl-core/protocol';
import type { BenchContext, Benchmark, Row } from '../benchmark.ts';
import { rowsOfChild } from '../child-process.ts';
import { engineNames, type Task } from './engine.ts';
import { type BackendName, flopsOf, nameOf, selectionsOf, workloads } from './workload.ts';

/**
 * One training step of a Vision Transformer with some of its layers trained, beside stock tfjs and jax-js: time,
 * FLOPs, dispatches, peak bytes. Every engine runs in a process of its own; `ms` is the fastest of `steps` steps
 * after one that warms up. jax-js's `peakBytes` on wasm is the size of its heap.
 */
export const step: Benchmark = {
  title: 'A selective training step beside stock tfjs and jax-js.',
  options: { steps: 3, every: 1, wasm: 1, webgpu: 1, strata: 1, tfjs: 1, jax: 1 },
  run,
};

async function* run({ options, log }: BenchContext): AsyncIterable<Row> {
  const { steps = 1, every = 1 } = options;
  const backends = (Object.keys(workloads) as BackendName[]).filter((name) => options[name] !== 0);
  const engines = engineNames.filter((name) => options[name === 'jax-js' ? 'jax' : name] !== 0);
  for (const backend of backends) {
    const workload = workloads[backend];
    for (const engine of engines) {
      log(`${engine} on ${backend}`);
      yield* measured({ engine, backend, workload, selections: selectionsOf(workload, every), steps });
    }
  }
}

/** Rows of one child process; what it did not come to is reported with the reason. */
export async function* measured(task: Task): AsyncIterable<Row> {
  const left = [...task.selections];
  let reason = 'It ended early.';
  try {
    for await (const row of rowsOfChild('step-child', task)) {
      left.shift();
      yield row;
    }
  } catch (error) {
    if (!(error instanceof StrataError)) throw error;
    reason = error.message;
  }
  const { engine, backend, workload } = task;
  for (const selection of left) {
    const flops = flopsOf(workload, selection);
    yield { engine, backend, model: nameOf(workload), selection: selection.name, flops, reason };
  }
}
