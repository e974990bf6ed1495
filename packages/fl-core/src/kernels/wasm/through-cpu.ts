import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { findBackend, getKernel, type TensorInfo } from '@tensorflow/tfjs-core';
import { defect } from '../defect.ts';
import type { WasmKernel } from './heap.ts';

/** Runs the cpu backend's kernel of that name on views of the wasm heap: right, if not fast. */
export function throughCpu(name: string): WasmKernel {
  return ({ inputs, attrs, backend }) => {
    const cpu = findBackend('cpu');
    if (!(cpu instanceof MathBackendCPU)) throw defect('The cpu backend of tfjs is not registered.');
    const views: Record<string, TensorInfo> = {};
    const made: TensorInfo[] = [];
    try {
      for (const [key, info] of Object.entries(inputs)) {
        const view = cpu.makeTensorInfo(info.shape, info.dtype, backend.typedArrayFromHeap(info));
        views[key] = view;
        made.push(view);
      }
      const results = getKernel(name, 'cpu').kernelFunc({ inputs: views, attrs, backend: cpu });
      if (Array.isArray(results)) throw defect(`Kernel ${name} returned several tensors.`);
      made.push(results);
      const values = cpu.readSync(results.dataId);
      if (!ArrayBuffer.isView(values)) throw defect(`Kernel ${name} returned strings.`);
      return backend.makeOutput(results.shape, results.dtype, undefined, values);
    } finally {
      for (const info of made) cpu.disposeData(info.dataId, true);
    }
  };
}
