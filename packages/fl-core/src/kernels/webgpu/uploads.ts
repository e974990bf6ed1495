import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { defect } from '../defect.ts';
import { type GpuData, isGpu } from './backend.ts';
import { describeBindGroups } from './listener.ts';

/** Numbers that are brought at once by the queue; more are better mapped. */
const few = 65_536;

/**
 * tfjs's backend over a device. tfjs brings every number that a step multiplies with through a mapped buffer of its own
 * and a copy in the middle of its pass, which took 0.3 ms each on an H200. Here the queue writes them: no recorded
 * command can use the buffer yet, as tfjs hands out none again before its commands were submitted.
 */
export function webGpuBackend(device: GPUDevice, info: GPUAdapterInfo): WebGPUBackend {
  const backend = new WebGPUBackend(device, info);
  const parts: object = backend;
  if (!isGpu(parts)) throw defect('The WebGPU backend of tfjs has lost its parts.');
  describeBindGroups(device);
  const upload = parts.uploadToGPU.bind(backend);
  parts.uploadToGPU = (id) => {
    const data = parts.tensorMap.get(id);
    const numbers = data.resource ? null : hostNumbers(data);
    if (numbers === null || numbers.length > few) {
      upload(id);
      return;
    }
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = parts.bufferManager.acquireBuffer(numbers.byteLength, usage);
    device.queue.writeBuffer(buffer, 0, numbers);
    data.values = null;
    data.resource = buffer;
  };
  return backend;
}

/** The values as the device holds them; null where there are none here, or no plain numbers. */
export function hostNumbers({
  dtype,
  shape,
  values,
}: GpuData): Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | null {
  const size = shape.reduce((a, b) => a * b, 1);
  if (!ArrayBuffer.isView(values) || size === 0 || values.length !== size) return null;
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
