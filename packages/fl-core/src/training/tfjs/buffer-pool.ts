import { findBackend, getBackend } from '@tensorflow/tfjs-core';
import { type BufferPool, type GpuBackend, isGpu } from '../../kernels/webgpu/backend.ts';

/** What a pool may hold, by pool; only pools that were limited once are here. */
const limits = new WeakMap<BufferPool, { bytes: number }>();
/** In the order in which buffers were first handed out. */
const ages = new WeakMap<GPUBuffer, number>();
let made = 0;

/**
 * tfjs keeps every GPU buffer it ever made, by exact size. From now on those not in use give way as soon as all
 * together would take more than `bytes`; buffers in use are never refused. Of the free ones the oldest is taken, so that
 * a training step soon finds its tensors in the same buffers as one before it, and their bind groups with them
 * (kernels/webgpu/pass.ts). Other backends keep none.
 */
export function limitPool(bytes: number): void {
  const pool = poolingBackend()?.bufferManager;
  if (pool === undefined) return;
  const known = limits.get(pool);
  if (known !== undefined) {
    known.bytes = bytes;
    return;
  }
  const limit = { bytes };
  limits.set(pool, limit);
  const acquire = pool.acquireBuffer.bind(pool);
  pool.acquireBuffer = (size, usage, mapped, reuse = true) => {
    const free = reuse ? (pool.freeBuffers.get(`${size}_${usage}`) ?? []) : [];
    if (free.length === 0) shrink(pool, limit.bytes - size);
    else oldestLast(free);
    const buffer = acquire(size, usage, mapped, reuse);
    if (!ages.has(buffer)) ages.set(buffer, made++);
    return buffer;
  };
}

/** What the pool may hold, in bytes. */
export function poolLimit(): number {
  const pool = poolingBackend()?.bufferManager;
  return (pool && limits.get(pool)?.bytes) ?? Number.POSITIVE_INFINITY;
}

/** tfjs takes the last one. */
function oldestLast(buffers: GPUBuffer[]): void {
  const age = (i: number) => ages.get(buffers[i]!) ?? -1;
  const last = buffers.length - 1;
  let oldest = last;
  for (let i = 0; i < last; i++) if (age(i) < age(oldest)) oldest = i;
  [buffers[oldest], buffers[last]] = [buffers[last]!, buffers[oldest]!];
}

/** Destroys all buffers that are not in use, after what was recorded with them has been handed to the device. */
export function trimPool(): void {
  submitRecorded();
  const pool = poolingBackend()?.bufferManager;
  if (pool !== undefined) shrink(pool, 0);
}

/** Hands to the device what tfjs has recorded and would hold back until there is more of it. */
export function submitRecorded(): void {
  const backend = poolingBackend();
  // Its type says that there always is one.
  if (backend === null || (backend.commandEncoder as GPUCommandEncoder | null) === null) return;
  backend.endComputePassEncoder();
  backend.submitQueue();
}

/** A buffer is free only after the commands that use it were submitted, so that it may be destroyed. */
function shrink(pool: BufferPool, bytes: number): void {
  for (const buffers of pool.freeBuffers.values()) {
    while (pool.numBytesAllocated > bytes && buffers.length > 0) {
      const buffer = buffers.pop()!;
      pool.numFreeBuffers -= 1;
      pool.numBytesAllocated -= buffer.size;
      buffer.destroy();
    }
  }
}

/** The backend that is set, if it is the one over WebGPU. */
export function poolingBackend(): GpuBackend | null {
  // None at all when the last one could not be started again.
  const backend: object | null | undefined = findBackend(getBackend());
  return backend && isGpu(backend) ? backend : null;
}
