import { StrataError } from '@strata/fl-core/protocol';
import { blocksOf, selectionsOf, vitSpec, type Workload } from '@strata/gpu-bench';
import type { BenchContext, Benchmark, Row } from '../benchmark.ts';
import { rowsOfChild } from '../child-process.ts';
import { type BackendName, engineNames, type StepTask } from '../engines/engine.ts';

/** Sizes that each backend of a machine without a graphics card gets through. */
const workloads: Readonly<Record<BackendName, Workload>> = {
  wasm: {
    name: 'ViT of width 192, 12 blocks, 65 tokens',
    spec: vitSpec('bench-wasm', { dim: 192, depth: 12, heads: 3, mlp: 768, patch: 4 }, 32),
    batch: 8,
    classes: 10,
    size: 32,
  },
  webgpu: {
    name: 'ViT of width 64, 4 blocks, 17 tokens',
    spec: vitSpec('bench-webgpu', { dim: 64, depth: 4, heads: 4, mlp: 256, patch: 4 }, 16),
    batch: 4,
    classes: 10,
    size: 16,
  },
};

/**
 * One training step of a Vision Transformer with some of its layers trained, beside stock tfjs and jax-js: time,
 * FLOPs, dispatches, peak bytes. Every engine runs in a process of its own; `ms` is the median and `fastestMs` the
 * fastest of `steps` steps after two that warm up. jax-js's `peakBytes` on wasm is the size of its heap.
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
    const blocks = blocksOf(workload);
    // Counted from the last block, which is always among them.
    const singles = blocks.filter((_, i) => (blocks.length - 1 - i) % every === 0);
    const selections = selectionsOf(blocks, singles).map((s) => s.name);
    for (const engine of engines) {
      log(`${engine} on ${backend}`);
      yield* measured({ engine, backend, workload, selections, steps, losses: 1 });
    }
  }
}

/** Rows of one child process; what it did not come to is reported with the reason. */
async function* measured(task: StepTask): AsyncIterable<Row> {
  const left = [...task.selections];
  let reason = 'It ended early.';
  try {
    for await (const row of rowsOfChild('engine-child', task)) {
      left.shift();
      yield row;
    }
  } catch (error) {
    if (!(error instanceof StrataError)) throw error;
    reason = error.message;
  }
  const { engine: by, backend, workload } = task;
  for (const selection of left) yield { by, backend, model: workload.name, selection, reason };
}
