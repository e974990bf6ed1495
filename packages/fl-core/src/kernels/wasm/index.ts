import { batchMatMul } from './batch-mat-mul.ts';
import { replaceKernel } from './heap.ts';
import { unsortedSegmentSum } from './segment-sum.ts';
import { throughCpu } from './through-cpu.ts';

/** Kernels that tfjs-backend-wasm 4.22 lacks, and (the last three) those whose results are wrong. */
const borrowedFromCpu = [
  'Conv2DBackpropFilter',
  'DepthwiseConv2dNativeBackpropInput',
  'DepthwiseConv2dNativeBackpropFilter',
  'MaxPoolGrad',
  'Conv3DBackpropInputV2',
  'Conv3DBackpropFilterV2',
];

/** Makes the wasm backend fit for training: missing gradients added, wrong ones and slow products replaced. */
export function registerWasmKernels(): void {
  for (const name of borrowedFromCpu) replaceKernel(name, throughCpu(name));
  replaceKernel('UnsortedSegmentSum', unsortedSegmentSum);
  replaceKernel('BatchMatMul', batchMatMul);
}
