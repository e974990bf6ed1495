import { openDawn } from '@strata/fl-core/kernels/testing';
import { chooseBackend } from '@strata/fl-core/training';
import type { Row } from '../benchmark.ts';
import { engineNames } from '../step/engine.ts';
import { measured } from '../step/index.ts';
import { selectionsOf, workloads } from '../step/workload.ts';

export interface GpuOptions {
  /** Little is asked of the adapter, which may be software. */
  readonly small: boolean;
  /** No more than shows that everything loads: ours on WebGPU, the others on wasm. */
  readonly brief: boolean;
  log(line: string): void;
}

/** Stands in for the measurement: the adapter, and one step of every engine on every backend. */
export async function* measureGpu({ small, brief, log }: GpuOptions): AsyncIterable<Row> {
  const dawn = await openDawn(['disable-dawn-features=timestamp_quantization']);
  if ('reason' in dawn) {
    yield { measure: 'adapter', reason: dawn.reason };
    return;
  }
  const { name, recovery } = await chooseBackend({ force: 'webgpu' });
  const { info, features, limits } = dawn.adapter;
  yield {
    measure: 'adapter',
    vendor: info.vendor,
    architecture: info.architecture,
    device: info.device,
    description: info.description,
    backend: name,
    lost: (await recovery?.lost()) ?? null,
    features: [...features].join(' '),
    limits: JSON.stringify(Object.fromEntries(limitsOf(limits))),
    python: process.env.STRATA_PYTHON ?? null,
    driver: process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES ?? null,
  };
  const workload = workloads.webgpu;
  const selections = selectionsOf(workload, workload.depth).slice(0, small || brief ? 1 : 3);
  for (const backend of ['webgpu', 'wasm'] as const) {
    for (const engine of engineNames) {
      if (brief && (backend === 'webgpu') !== (engine === 'strata')) continue;
      log(`${engine} on ${backend}`);
      yield* measured({ engine, backend, workload, selections, steps: small || brief ? 1 : 5 });
    }
  }
}

/** Limits are getters of the prototype. */
function* limitsOf(limits: GPUSupportedLimits): Iterable<[string, number]> {
  for (const name in limits) {
    const value: unknown = Reflect.get(limits, name);
    if (typeof value === 'number') yield [name, value];
  }
}
