import '../zod-config.ts';
import { StrataError } from '@strata/fl-core/protocol';
import { chooseBackend } from '@strata/fl-core/training';
import { gpuMeters } from '@strata/gpu-bench';
import { measureCard, plannedRows, wantTimestamps } from '@strata/gpu-bench/strata';
import { crashOf } from './errors.ts';
import type { BenchOptions, FromWorker, ToWorker } from './messages.ts';

const post = (message: FromWorker) => self.postMessage(message);

/** The rows of gpu-bench, in this worker: training has another one, whose device is not counted here. */
async function measure(options: BenchOptions): Promise<void> {
  if (!('gpu' in navigator)) {
    throw new StrataError(
      'unavailable',
      'This browser keeps WebGPU from the background of a page.',
      'Strata trains there, so that it would use the processor. Use a current version of Chrome or Edge.',
    );
  }
  // Both watch what the product does from outside, and so must come before its device is made.
  wantTimestamps();
  const meters = gpuMeters();
  const { recovery } = await chooseBackend({ force: 'webgpu' });
  for await (const row of measureCard({ ...options, meters })) {
    post({ kind: 'row', row });
    if (row.part === 'adapter') {
      post({ kind: 'plan', planned: plannedRows(options, row.features.includes('timestamp-query')) });
    }
    // Without a device everything that follows would fail, too, each with a reason that explains nothing.
    if (row.part === 'failed' && (await recovery?.lost())) {
      throw new StrataError(
        'unavailable',
        'The graphics card was reset during the measurement.',
        'Close other programs that use it, or measure the small size.',
      );
    }
  }
  post({ kind: 'done' });
}

self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  // A rejection is heard below, as every other defect.
  void measure(data.options);
});

self.addEventListener('unhandledrejection', ({ reason }) =>
  post({ kind: 'crashed', error: crashOf(reason) }),
);
self.addEventListener('error', (event) => {
  // Said here, once: otherwise the page would hear of it as well, as an error of this whole worker.
  event.preventDefault();
  post({ kind: 'crashed', error: crashOf(event.error) });
});
