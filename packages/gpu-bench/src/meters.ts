/** Counts what an engine does to its device, from outside of the engine. */
export interface Meters {
  /** Compute dispatches since the start; null where there are none to count. */
  dispatches(): number | null;
  /** Forgets earlier peaks. */
  restart(): void;
  /** Largest number of bytes in use at once since the last restart. */
  peakBytes(): number | null;
  /** When commands were last handed to the device, by `performance.now()`; null where there are none. */
  lastSubmit(): number | null;
}

/** Counts dispatches, buffers and submits of every WebGPU device. Its classes must be global, as they are in a tab. */
export function gpuMeters(): Meters {
  let dispatches = 0;
  let submitted: number | null = null;
  let held = 0;
  let peak = 0;
  const pass = GPUComputePassEncoder.prototype;
  const dispatch = pass.dispatchWorkgroups;
  pass.dispatchWorkgroups = function (...sizes) {
    dispatches += 1;
    return dispatch.apply(this, sizes);
  };
  const queue = GPUQueue.prototype;
  const submit = queue.submit;
  queue.submit = function (commands) {
    const result = submit.call(this, commands);
    submitted = performance.now();
    return result;
  };
  const sizes = new WeakMap<GPUBuffer, number>();
  const device = GPUDevice.prototype;
  const create = device.createBuffer;
  device.createBuffer = function (descriptor) {
    const buffer = create.call(this, descriptor);
    sizes.set(buffer, descriptor.size);
    held += descriptor.size;
    peak = Math.max(peak, held);
    return buffer;
  };
  const destroy = GPUBuffer.prototype.destroy;
  GPUBuffer.prototype.destroy = function () {
    held -= sizes.get(this) ?? 0;
    sizes.delete(this);
    return destroy.call(this);
  };
  return {
    dispatches: () => dispatches,
    restart: () => {
      peak = held;
    },
    peakBytes: () => peak,
    lastSubmit: () => submitted,
  };
}

/** An allocator of a wasm module, as Emscripten exports it. */
interface Allocator {
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/** Counts what is allocated on a wasm heap from JavaScript: tensors, not the scratch memory of a kernel. */
export function heapMeters(allocator: Allocator): Meters {
  // Emscripten's exports put themselves in place at their first call.
  allocator._free(allocator._malloc(16));
  const sizes = new Map<number, number>();
  let held = 0;
  let peak = 0;
  const { _malloc, _free } = allocator;
  allocator._malloc = (bytes) => {
    const address = _malloc(bytes);
    sizes.set(address, bytes);
    held += bytes;
    peak = Math.max(peak, held);
    return address;
  };
  allocator._free = (address) => {
    held -= sizes.get(address) ?? 0;
    sizes.delete(address);
    _free(address);
  };
  return {
    dispatches: () => null,
    restart: () => {
      peak = held;
    },
    peakBytes: () => peak,
    lastSubmit: () => null,
  };
}

/** The heaps of all wasm modules made from here on: they only grow, so that this is their size so far. */
export function memoryMeters(): Meters {
  const memories: WebAssembly.Memory[] = [];
  const Original = WebAssembly.Memory;
  WebAssembly.Memory = class extends Original {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      memories.push(this);
    }
  };
  return {
    dispatches: () => null,
    restart: () => {},
    peakBytes: () => memories.reduce((sum, m) => sum + m.buffer.byteLength, 0),
    lastSubmit: () => null,
  };
}
