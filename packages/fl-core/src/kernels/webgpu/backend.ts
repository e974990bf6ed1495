import {
  type BackendValues,
  type DataId,
  type DataType,
  getKernel,
  type KernelConfig,
  registerKernel,
  type TensorInfo,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import { isSoftwareAdapter } from '../adapter.ts';
import { defect } from '../defect.ts';

/** A number that a shader reads at run time. */
export interface Uniform {
  readonly type: 'float32' | 'int32' | 'uint32';
  readonly data: number[];
}

/** Where tfjs keeps GPU buffers, by size and usage. */
export interface BufferPool {
  numBytesAllocated: number;
  numBytesUsed: number;
  numFreeBuffers: number;
  numUsedBuffers: number;
  readonly freeBuffers: Map<string, GPUBuffer[]>;
  readonly usedBuffers: Map<string, GPUBuffer[]>;
  acquireBuffer(size: number, usage: number, mapped?: boolean, reuse?: boolean): GPUBuffer;
  releaseBuffer(buffer: GPUBuffer, reuse?: boolean): void;
}

/** What tfjs's WebGPU backend knows of a tensor. */
export interface GpuData {
  readonly dtype: DataType;
  readonly shape: readonly number[];
  resource?: GPUBuffer | null;
  values?: BackendValues | null;
  /** Whether somebody else owns the buffer, so that disposing of the tensor leaves it. */
  external?: boolean;
}

/** The parts of tfjs's WebGPU backend that a compute pass of our own needs; most are private in its types. */
export interface GpuBackend {
  readonly device: GPUDevice;
  readonly bufferManager: BufferPool;
  readonly tensorMap: { get(id: DataId): GpuData };
  readonly commandQueueOwnedIds: WeakSet<DataId>;
  readonly commandEncoder: GPUCommandEncoder;
  computePassEncoder: GPUComputePassEncoder | null;
  dispatchCountInPass: number;
  makeTensorInfo(shape: number[], dtype: DataType, values?: BackendValues): TensorInfo;
  /** The whole of a buffer of its own. */
  makeUniforms(uniforms: Uniform[]): GPUBufferBinding;
  uploadToGPU(id: DataId): void;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  disposeData(id: DataId, force?: boolean): boolean;
  incRef(id: DataId): void;
  refCount(id: DataId): number;
}

/** Whether a backend of tfjs is the one over WebGPU. */
export function isGpu(backend: object): backend is GpuBackend {
  return 'makeUniforms' in backend && 'commandQueueOwnedIds' in backend && 'tensorMap' in backend;
}

/**
 * Whether the device computes on the processor (SwiftShader, lavapipe): there one thread does best alone, while a
 * barrier in a workgroup costs more than the work between two of them.
 */
export function isSoftware({ device }: GpuBackend): boolean {
  // Older browsers have no adapterInfo on the device.
  const info = device.adapterInfo as GPUAdapterInfo | undefined;
  return info !== undefined && isSoftwareAdapter(info);
}

/** A kernel as this folder writes it: always on tfjs's WebGPU backend. */
export type GpuKernel = (args: {
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly backend: GpuBackend;
  /** Runs the kernel that this one took the place of. */
  readonly otherwise: () => TensorInfo | TensorInfo[];
}) => TensorInfo | TensorInfo[];

/** Registers `kernel` under `name` for the WebGPU backend in place of whatever stood there. */
export function useGpuKernel(name: string, kernel: GpuKernel): void {
  // tfjs declares the result as always present, which it is not.
  const replaced = getKernel(name, 'webgpu') as KernelConfig | undefined;
  if (replaced !== undefined) unregisterKernel(name, 'webgpu');
  registerKernel({
    kernelName: name,
    backendName: 'webgpu',
    kernelFunc: ({ inputs, attrs, backend }) => {
      if (!isGpu(backend)) throw defect(`Kernel ${name} was called with another backend than WebGPU.`);
      const present: Record<string, TensorInfo> = {};
      for (const [key, info] of Object.entries(inputs)) if (info !== undefined) present[key] = info;
      const otherwise = () => {
        if (replaced === undefined) throw defect(`Kernel ${name} took no other's place.`);
        return replaced.kernelFunc({ inputs, backend, ...(attrs === undefined ? {} : { attrs }) });
      };
      return kernel({ inputs: present, attrs: attrs ?? {}, backend, otherwise });
    },
  });
}
