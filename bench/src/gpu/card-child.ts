/** Our rows on the graphics card, in a process of their own: options are the argument, results are lines of JSON. */
import { openDawn } from '@strata/fl-core/kernels/testing';
import { chooseBackend } from '@strata/fl-core/training';
import { gpuMeters } from '@strata/gpu-bench';
import { measureCard, type RowsOptions, wantTimestamps } from '@strata/gpu-bench/strata';

export type CardTask = Omit<RowsOptions, 'meters'>;

const task: CardTask = JSON.parse(process.argv[2] ?? '');
// Times are for measuring here: Dawn rounds them to 100 microseconds for pages that are not trusted.
const dawn = await openDawn(['disable-dawn-features=timestamp_quantization']);
if ('reason' in dawn) throw new Error(dawn.reason);
wantTimestamps();
const meters = gpuMeters();
// The product's own way to a device.
await chooseBackend({ force: 'webgpu' });
for await (const row of measureCard({ ...task, meters })) process.stdout.write(`${JSON.stringify(row)}\n`);
// Dawn keeps the event loop alive.
process.exit(0);
