import { adapterName, isSoftwareAdapter } from '@strata/fl-core/kernels';
import { flopsOf } from './flops.ts';
import { measureSteps } from './measure.ts';
import type { Meters } from './meters.ts';
import { measureOperation, operations } from './operations.ts';
import type { Part, RowsOptions } from './plan.ts';
import { measureProduct, products } from './products.ts';
import { profile } from './profile.ts';
import { deviceMs, gpuBackend, settle } from './repeat.ts';
import type { By, GpuRow, StepRow } from './row.ts';
import { type Size, sizeOf } from './size.ts';
import { type StrataEngine, strataEngine } from './strata-engine.ts';
import { blocksOf } from './weights.ts';
import { selectionsOf, type Workload, workloadsOf } from './workload.ts';

/** Steps whose losses are held against those of another engine. */
export const comparedLosses = 10;

/**
 * Measures the product's own path on the WebGPU backend that tfjs is set to: what the card can do, whole training
 * steps, then kernels one by one. What fails becomes a row that says so, and the rest is measured.
 */
export async function* measureCard({ size, meters, parts, models }: RowsOptions): AsyncGenerator<GpuRow> {
  const { device } = gpuBackend();
  const targetMs = sizeOf(size, { card: 60, small: 20 });
  const wants = (part: Part) => parts?.includes(part) ?? true;
  yield adapterRow(device);
  if (wants('limits')) {
    yield* attempt('strata', 'copy', async () => [await copyRow(device, size, targetMs)]);
  }
  // Before the kernels: what those leave in tfjs's pool of buffers would count as the steps' memory.
  if (wants('steps')) for (const w of workloadsOf(size, models)) yield* measureModel(w, size, meters);
  if (wants('products')) {
    for (const p of products(size)) {
      yield* attempt('strata', p.name, async () => {
        const { name, m, n, k } = p;
        return [{ part: 'product', by: 'strata', name, m, n, k, ...(await measureProduct(p, targetMs)) }];
      });
    }
  }
  if (wants('operations')) {
    for (const o of operations(size)) {
      yield* attempt('strata', o.name, async () => [
        { part: 'operation', by: 'strata', name: o.name, ...(await measureOperation(o, targetMs)) },
      ]);
    }
  }
}

/** Every selection of one model, and where the time of a full step goes. */
async function* measureModel(workload: Workload, size: Size, meters: Meters): AsyncGenerator<GpuRow> {
  let engine: StrataEngine;
  try {
    engine = await strataEngine(workload, meters);
  } catch (error) {
    yield { part: 'failed', by: 'strata', what: workload.name, reason: String(error) };
    return;
  }
  const steps = sizeOf(size, { card: 7, small: 2 });
  try {
    for (const selection of selectionsOf(blocksOf(workload))) {
      const losses = selection.name === 'full' ? comparedLosses : 1;
      yield* attempt('strata', `${workload.name}, ${selection.name}`, async () => {
        const running = await engine.prepare(selection);
        const figures = await measureSteps(engine, running, { steps, losses });
        const row: StepRow = {
          part: 'step',
          by: 'strata',
          model: workload.name,
          selection: selection.name,
          flops: flopsOf(workload, selection),
          ...figures,
        };
        return [row];
      });
    }
    yield* attempt('strata', `${workload.name}, kernels`, async () => {
      const [full] = selectionsOf(blocksOf(workload));
      const running = await engine.prepare(full!);
      await running.take();
      await running.take();
      const kernels = await profile(gpuBackend().device, () => running.take());
      await running.end();
      if (kernels === null) return [];
      const ms = kernels.reduce((sum, k) => sum + k.ms, 0);
      return [{ part: 'kernels', model: workload.name, selection: full!.name, ms, kernels }];
    });
  } finally {
    engine.dispose();
    await settle();
  }
}

/** The rows of `work`, or one that says why there are none. */
export async function* attempt(by: By, what: string, work: () => Promise<GpuRow[]>): AsyncGenerator<GpuRow> {
  try {
    yield* await work();
  } catch (error) {
    yield { part: 'failed', by, what, reason: String(error) };
  }
}

function adapterRow(device: GPUDevice): GpuRow {
  // Older browsers have no adapterInfo on the device.
  const info = (device.adapterInfo as GPUAdapterInfo | undefined) ?? {
    vendor: '',
    architecture: '',
    device: '',
  };
  return {
    part: 'adapter',
    name: adapterName(info),
    vendor: info.vendor,
    architecture: info.architecture,
    device: info.device,
    software: isSoftwareAdapter(info),
    features: [...device.features].sort(),
    limits: limitsOf(device.limits),
  };
}

/** They are getters of the prototype, so that no spread finds them. */
function limitsOf(limits: GPUSupportedLimits): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const name in limits) {
    const value: unknown = Reflect.get(limits, name);
    if (typeof value === 'number') numbers[name] = value;
  }
  return numbers;
}

/**
 * A large copy on the card, bytes read and written, by a kernel of its own: `copyBufferToBuffer` may go through an engine
 * that is slower than the memory.
 */
async function copyRow(device: GPUDevice, size: Size, targetMs: number): Promise<GpuRow> {
  const wanted = sizeOf(size, { card: 2 ** 28, small: 2 ** 22 });
  const bytes = Math.min(wanted, Math.floor(device.limits.maxStorageBufferBindingSize / 256) * 256);
  const code = `
@group(0) @binding(0) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> b: array<vec4<f32>>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * 256u + local;
  if (i < arrayLength(&a)) { b[i] = a[i]; }
}`;
  const module = device.createShaderModule({ code });
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
  const usage = GPUBufferUsage.STORAGE;
  const buffers = [0, 1].map(() => device.createBuffer({ size: bytes, usage }));
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const groups = Math.ceil(bytes / 16 / 256);
  const ms = await deviceMs(() => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(1024, Math.ceil(groups / 1024));
    pass.end();
    device.queue.submit([encoder.finish()]);
  }, targetMs);
  for (const buffer of buffers) buffer.destroy();
  return { part: 'limit', by: 'webgpu', what: 'copy', value: (2 * bytes) / ms / 1e6, unit: 'GB/s' };
}
