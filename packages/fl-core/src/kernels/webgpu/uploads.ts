import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { BackendValues, DataId, DataType } from '@tensorflow/tfjs-core';

/** The parts of tfjs's WebGPU backend that bring values to the device; private in its types. */
interface Uploading {
  readonly queue: GPUQueue;
  readonly tensorMap: { get(id: DataId): Data };
  readonly bufferManager: { acquireBuffer(size: number, usage: number): GPUBuffer };
  uploadToGPU(id: DataId): void;
}

interface Data {
  readonly dtype: DataType;
  readonly shape: readonly number[];
  values?: BackendValues | null;
  resource?: GPUBuffer | null;
}

/** Numbers that are brought at once by the queue; more are better mapped. */
const few = 65_536;

/**
 * tfjs's backend over a device. tfjs brings every number that a step multiplies with through a mapped buffer of its own
 * and a copy in the middle of its pass, which took 0.3 ms each on an H200. Here the queue writes them: no recorded
 * command can use the buffer yet, as tfjs hands out none again before its commands were submitted.
 */
export function webGpuBackend(device: GPUDevice, info: GPUAdapterInfo): WebGPUBackend {
  const backend = new WebGPUBackend(device, info);
  const parts = backend as unknown as Uploading;
  const upload = parts.uploadToGPU.bind(backend);
  parts.uploadToGPU = (id) => {
    const data = parts.tensorMap.get(id);
    const numbers = data.resource ? null : numbersOf(data);
    if (numbers === null) {
      upload(id);
      return;
    }
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = parts.bufferManager.acquireBuffer(numbers.byteLength, usage);
    parts.queue.writeBuffer(buffer, 0, numbers);
    data.values = null;
    data.resource = buffer;
  };
  return backend;
}

/** A copy of the values as the device holds them; null where there are none, too many, or no plain numbers. */
function numbersOf({
  dtype,
  shape,
  values,
}: Data): Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | null {
  const size = shape.reduce((a, b) => a * b, 1);
  if (!ArrayBuffer.isView(values) || size === 0 || size > few || values.length !== size) return null;
  switch (dtype) {
    case 'float32':
      return new Float32Array(values);
    case 'int32':
    case 'bool':
      return new Int32Array(values);
    case 'string':
    case 'complex64':
      return null;
    default:
      return dtype satisfies never;
  }
}
