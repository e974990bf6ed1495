import { adapterName, isSoftwareAdapter } from '@strata/fl-core/kernels/adapter';
import { StrataError } from '@strata/fl-core/protocol';
import type { Size } from '@strata/gpu-bench';

/** What is known of a device before it is measured. */
export interface Device {
  /** Empty when the browser tells nothing. */
  readonly name: string;
  readonly software: boolean;
  /** The size that suits it, and why. */
  readonly size: Size;
  readonly reason: string;
}

/** What the choice of a size looks at. */
export interface Capacity {
  readonly software: boolean;
  readonly maxStorageBufferBindingSize: number;
  /** Of the whole device in GiB, at most 8; undefined where the browser does not tell. */
  readonly memory: number | undefined;
}

/** The largest array of the size "card": 16,384 rows of 3072 numbers. */
const largestArray = 16_384 * 3072 * 4;
/** In GiB. A base-sized model, its gradients and its optimizer's moments take about two. */
const enoughMemory = 4;

export function suggestedSize({ software, maxStorageBufferBindingSize, memory }: Capacity): {
  readonly size: Size;
  readonly reason: string;
} {
  if (software) {
    return { size: 'small', reason: 'It is a program on the processor that stands in for a graphics card.' };
  }
  if (maxStorageBufferBindingSize < largestArray) {
    return { size: 'small', reason: 'It cannot hold the large arrays of a base-sized model.' };
  }
  if (memory !== undefined && memory < enoughMemory) {
    return { size: 'small', reason: 'This device has little memory for a base-sized model.' };
  }
  return { size: 'card', reason: 'It can hold models of base size.' };
}

/** @throws {StrataError} `unavailable`, with the remedy, where the browser has no graphics card to offer. */
export async function lookAtDevice(): Promise<Device> {
  const { gpu, deviceMemory } = navigator as { gpu?: GPU; deviceMemory?: number };
  if (gpu === undefined) throw withoutWebGpu(window.isSecureContext);
  // The one that training would take.
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) {
    throw new StrataError(
      'unavailable',
      'This browser finds no graphics card that it can use.',
      'Turn on graphics (hardware) acceleration in its settings, update the graphics driver and start the browser again. In Chrome and Edge, the address chrome://gpu says what is missing.',
    );
  }
  const software = isSoftwareAdapter(adapter.info);
  const { maxStorageBufferBindingSize } = adapter.limits;
  return {
    name: adapterName(adapter.info),
    software,
    ...suggestedSize({ software, maxStorageBufferBindingSize, memory: deviceMemory }),
  };
}

export function withoutWebGpu(secure: boolean): StrataError {
  return secure
    ? new StrataError(
        'unavailable',
        'This browser has no WebGPU, by which a page reaches the graphics card.',
        'Use a current version of Chrome, Edge, Safari or Firefox. Where WebGPU is still behind a setting (Chrome on Linux: chrome://flags/#enable-unsafe-webgpu), turn it on and start the browser again.',
      )
    : new StrataError(
        'unavailable',
        'This page came over an unprotected connection, and browsers keep the graphics card from such pages.',
        'Open it over https, or on the machine that the server runs on as http://localhost.',
      );
}
