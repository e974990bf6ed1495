import { backend, tidy } from '@tensorflow/tfjs-core';

/** tfjs's backend over a WebGPU device; private in its types. */
interface DeviceBackend {
  readonly device: GPUDevice;
  submitQueue(): void;
  endComputePassEncoder(): void;
  readonly commandEncoder: GPUCommandEncoder | null;
}

export function gpuBackend(): DeviceBackend {
  const current: object = backend();
  if (!('device' in current)) throw new TypeError('The current tfjs backend is not WebGPU.');
  return current as DeviceBackend;
}

/** Waits until the device has done all that was recorded. */
export async function settle(): Promise<void> {
  const current = gpuBackend();
  if (current.commandEncoder) {
    current.endComputePassEncoder();
    current.submitQueue();
  }
  await current.device.queue.onSubmittedWorkDone();
}

/**
 * Milliseconds of one run of `work`, which records kernels and keeps nothing. As many runs are recorded one after
 * another as take `targetMs`, and twice as many; the difference is free of the time that starting and waiting take.
 */
export async function deviceMs(work: () => void, targetMs: number): Promise<number> {
  const timed = async (count: number) => {
    await settle();
    const start = performance.now();
    for (let i = 0; i < count; i++) {
      // In braces: what a tidied function returns is kept.
      tidy(() => {
        work();
      });
    }
    await settle();
    return performance.now() - start;
  };
  await timed(1);
  let count = 1;
  let ms = await timed(count);
  while (ms < targetMs && count < 4096) {
    count *= Math.max(2, Math.min(8, Math.ceil(targetMs / Math.max(ms, 0.01))));
    ms = await timed(count);
  }
  const pairs = [];
  for (let i = 0; i < 3; i++) pairs.push((await timed(2 * count)) - (await timed(count)));
  const [, middle = ms] = pairs.sort((a, b) => a - b);
  // Something else on the machine can take longer than the work; a time of nothing would be an infinite speed.
  return (middle > 0 ? middle : ms) / count;
}
