import { registerGradients } from './gradients/index.ts';
import { type BackendName, backendNames } from './names.ts';
import { registerWasmKernels } from './wasm/index.ts';
import { registerWebGpuKernels } from './webgpu/index.ts';

export { type AdapterInfo, adapterName, isSoftwareAdapter } from './adapter.ts';
export { forgetUnclaimed } from './gradients/together.ts';
export {
  type AdamWStep,
  adamWNumbers,
  fusedAdamW,
  fusedMomentum,
  type Pace,
  paceOf,
  type StepItem,
} from './optimizer-step.ts';
export { type BackendName, backendNames };

const done = new Set<BackendName>();

/**
 * Makes a tfjs backend fit for training: gradients for the kernels our models use, missing, wrong and slow
 * kernels replaced. May be called before or after the backend starts, and more than once.
 */
export function registerKernels(backend: BackendName): void {
  if (done.size === 0) registerGradients();
  if (done.has(backend)) return;
  done.add(backend);
  switch (backend) {
    case 'wasm':
      registerWasmKernels();
      return;
    case 'webgpu':
      registerWebGpuKernels();
      return;
    case 'cpu':
      return;
    default:
      backend satisfies never;
  }
}
