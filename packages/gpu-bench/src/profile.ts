import { env } from '@tensorflow/tfjs-core';

/** What a kernel took of a step. */
export interface KernelTime {
  readonly label: string;
  readonly ms: number;
  readonly dispatches: number;
}

/** WebGPU's largest query set, in passes of two queries. */
const slots = 2048;

/** Asks for timestamps wherever an adapter has them. Before the device is made; in Node after Dawn is open. */
export function wantTimestamps(): void {
  const adapter = GPUAdapter.prototype;
  const request = adapter.requestDevice;
  adapter.requestDevice = function (descriptor = {}) {
    const has = this.features.has('timestamp-query');
    const features = [...(descriptor.requiredFeatures ?? []), ...(has ? (['timestamp-query'] as const) : [])];
    return request.call(this, { ...descriptor, requiredFeatures: features });
  };
}

/**
 * The device's own time for each kernel that `work` runs, largest first; null on a device without timestamps. Every
 * kernel gets a pass and a submit of its own, so that `work` as a whole is slower than it is.
 */
export async function profile(device: GPUDevice, work: () => Promise<unknown>): Promise<KernelTime[] | null> {
  if (!device.features.has('timestamp-query')) return null;
  const querySet = device.createQuerySet({ type: 'timestamp', count: 2 * slots });
  const labels: string[] = [];
  const { prototype: encoder } = GPUCommandEncoder;
  const { prototype: pass } = GPUComputePassEncoder;
  const { beginComputePass } = encoder;
  const { setPipeline } = pass;
  const batch = env().getNumber('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE');
  let open = 0;
  encoder.beginComputePass = function (descriptor = {}) {
    if (open === slots) return beginComputePass.call(this, descriptor);
    const at = 2 * open++;
    const timestampWrites = { querySet, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 };
    return beginComputePass.call(this, { ...descriptor, timestampWrites });
  };
  pass.setPipeline = function (pipeline) {
    labels[open - 1] ??= pipeline.label || 'unnamed';
    return setPipeline.call(this, pipeline);
  };
  env().set('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE', 1);
  try {
    await work();
  } finally {
    env().set('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE', batch);
    encoder.beginComputePass = beginComputePass;
    pass.setPipeline = setPipeline;
  }
  const times = await read(device, querySet, open);
  querySet.destroy();
  const kernels = new Map<string, { ms: number; dispatches: number }>();
  for (let i = 0; i < open; i++) {
    const label = labels[i] ?? 'nothing';
    const known = kernels.get(label) ?? { ms: 0, dispatches: 0 };
    const ms = Number(times[2 * i + 1]! - times[2 * i]!) / 1e6;
    kernels.set(label, { ms: known.ms + ms, dispatches: known.dispatches + 1 });
  }
  return [...kernels].map(([label, time]) => ({ label, ...time })).sort((a, b) => b.ms - a.ms);
}

/** Nanoseconds of the first 2 `count` queries. */
async function read(device: GPUDevice, querySet: GPUQuerySet, count: number): Promise<BigUint64Array> {
  if (count === 0) return new BigUint64Array();
  const size = 16 * count;
  const resolved = device.createBuffer({
    size,
    usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
  });
  const readable = device.createBuffer({ size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
  const encoder = device.createCommandEncoder();
  encoder.resolveQuerySet(querySet, 0, 2 * count, resolved, 0);
  encoder.copyBufferToBuffer(resolved, 0, readable, 0, size);
  device.queue.submit([encoder.finish()]);
  await readable.mapAsync(GPUMapMode.READ);
  const times = new BigUint64Array(readable.getMappedRange().slice(0));
  resolved.destroy();
  readable.destroy();
  return times;
}
