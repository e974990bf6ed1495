/** Shapes of tiles on the graphics card, in a process of their own: results are lines of JSON. */
import { openDawn } from '@strata/fl-core/kernels/testing';
import { chooseBackend } from '@strata/fl-core/training';
import { gpuBackend, wantTimestamps } from '@strata/gpu-bench/strata';
import { measureTiles } from './measure-tiles.ts';

const dawn = await openDawn(['disable-dawn-features=timestamp_quantization']);
if ('reason' in dawn) throw new Error(dawn.reason);
wantTimestamps();
await chooseBackend({ force: 'webgpu' });
for await (const row of measureTiles(gpuBackend().device)) process.stdout.write(`${JSON.stringify(row)}\n`);
// Dawn keeps the event loop alive.
process.exit(0);
