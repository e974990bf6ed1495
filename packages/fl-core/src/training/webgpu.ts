import { findBackendFactory, registerBackend, removeBackend, setBackend } from '@tensorflow/tfjs-core';
import { wantedOf } from '../kernels/device.ts';
import { webGpuBackend } from '../kernels/webgpu/uploads.ts';
import { StrataError } from '../protocol/errors.ts';

/** What to do when the device under a backend goes away (driver reset, unplugged, suspended). */
export interface Recovery {
  /** Whether the device is gone. Takes a moment: reads fail before the loss is announced. */
  lost(): Promise<boolean>;
  /** Starts a new device in place of the lost one; every tensor of the old one is gone. Throws `unavailable`. */
  rebuild(): Promise<void>;
}

/** How long a loss may be announced after the first failed read, in milliseconds. */
const announcementMs = 250;

/** The best adapter, or null when the browser has none to offer. */
export async function requestAdapter(gpu: GPU): Promise<GPUAdapter | null> {
  return gpu.requestAdapter({ powerPreference: 'high-performance' });
}

/** Makes tfjs run on a device of `adapter`, our own, so that its loss can be seen. Throws `unavailable`. */
export async function startWebGpu(gpu: GPU, adapter: GPUAdapter): Promise<Recovery> {
  let device = await openDevice(adapter);
  let gone = false;
  const watch = () => {
    const watched = device;
    void watched.lost.then(() => {
      if (device === watched) gone = true;
    });
  };
  watch();
  await useDevice(device, adapter);
  return {
    async lost() {
      if (!gone) await Promise.race([device.lost, new Promise<void>((r) => setTimeout(r, announcementMs))]);
      return gone;
    },
    async rebuild() {
      // An adapter gives one device only.
      const fresh = await requestAdapter(gpu);
      if (fresh === null) throw unavailable('The graphics card did not come back.');
      device = await openDevice(fresh);
      gone = false;
      watch();
      await useDevice(device, fresh);
    },
  };
}

async function openDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  try {
    return await adapter.requestDevice(wantedOf(adapter));
  } catch (cause) {
    throw unavailable('The graphics card could not be opened.', { cause });
  }
}

/** Puts a backend over `device` in the place of tfjs's own, or of the one whose device was lost. */
async function useDevice(device: GPUDevice, adapter: GPUAdapter): Promise<void> {
  // tfjs registers its own only where it found WebGPU when it was loaded.
  if (findBackendFactory('webgpu') !== null) removeBackend('webgpu');
  registerBackend('webgpu', () => webGpuBackend(device, adapter.info), 3);
  if (!(await setBackend('webgpu'))) throw unavailable('TensorFlow.js could not start on the graphics card.');
}

export const unavailable = (message: string, options?: ErrorOptions) =>
  new StrataError(
    'unavailable',
    message,
    'Reload the page, or add ?backend=wasm to its address to train on the processor.',
    options,
  );
