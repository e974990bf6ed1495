import { findBackendFactory, registerBackend, removeBackend } from '@tensorflow/tfjs-core';
import { prepareVulkan } from '../../testing/vulkan.ts';
import { wantedOf } from '../device.ts';

/** A device outside a browser: npm `webgpu` is Dawn, Chromium's WebGPU, for Node. */
export interface Dawn {
  readonly gpu: GPU;
  readonly adapter: GPUAdapter;
}

/**
 * Makes WebGPU available to tfjs in Node, as `navigator.gpu` is in a browser, and loads tfjs's backend. Uses Chromium's
 * SwiftShader, or the drivers that VK_DRIVER_FILES or VK_ICD_FILENAMES names. Returns why not instead where there is
 * no package or no adapter.
 * @param options Dawn's own, such as `disable-dawn-features=timestamp_quantization`.
 */
export async function openDawn(options: readonly string[] = []): Promise<Dawn | { readonly reason: string }> {
  prepareVulkan();
  let dawn: typeof import('webgpu');
  try {
    dawn = await import('webgpu');
  } catch (error) {
    return { reason: `npm webgpu (Dawn) cannot be loaded: ${String(error)}` };
  }
  const gpu = dawn.create([...options]);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) {
    const { VK_DRIVER_FILES: named, VK_ICD_FILENAMES: older } = process.env;
    return { reason: `Dawn found no adapter with the Vulkan drivers ${named ?? older ?? 'of the system'}.` };
  }
  Object.assign(globalThis, dawn.globals);
  // Newer versions of Node have a navigator that cannot be assigned to.
  Object.defineProperty(globalThis, 'navigator', {
    value: { gpu, userAgent: 'node', language: 'en', hardwareConcurrency: 2 },
    configurable: true,
  });
  // Its kernels must be there before ours replace some of them.
  await import('@tensorflow/tfjs-backend-webgpu');
  return { gpu, adapter };
}

/**
 * Registers tfjs's WebGPU backend over a new device, which has what the product's own has.
 * @param kind `card` makes a software device pass for a graphics card, so that the kernels for those run too.
 */
export async function startDawn({ gpu }: Dawn, kind: 'as-is' | 'card' = 'as-is'): Promise<GPUDevice> {
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw new ReferenceError('Dawn has no second adapter.');
  const device = await adapter.requestDevice(wantedOf(adapter));
  if (kind === 'card') {
    const info = { vendor: 'test', architecture: 'card', description: '', isFallbackAdapter: false };
    Object.defineProperty(device, 'adapterInfo', { value: info });
  }
  device.addEventListener('uncapturederror', ({ error }) => {
    throw error;
  });
  const { webGpuBackend } = await import('../webgpu/uploads.ts');
  // There unless the package was imported before WebGPU was to be had.
  if (findBackendFactory('webgpu') !== null) removeBackend('webgpu');
  registerBackend('webgpu', () => webGpuBackend(device, adapter.info), 3);
  return device;
}
