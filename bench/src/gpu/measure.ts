import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { arch, cpus, release, tmpdir, type } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { StrataError } from '@strata/fl-core/protocol';
import { type By, type GpuRow, isVit, type Size, type Workload, workloadsOf } from '@strata/gpu-bench';
import { comparedLosses } from '@strata/gpu-bench/strata';
import { type ChildName, rowsOfChild } from '../child-process.ts';
import type { EngineName, StepTask } from '../engines/engine.ts';
import type { CardTask } from './card-child.ts';
import { writeTorchTask } from './torch-task.ts';
import { type VerdictRow, verdictOf } from './verdict.ts';

export interface MeasureOptions {
  readonly size: Size;
  /** The first model only, and no single kernels: shows that all of it runs. */
  readonly brief?: boolean;
  /** A Python with PyTorch; null where there is none. */
  readonly python: string | null;
  /** Until everything must be done. */
  readonly seconds: number;
  log(line: string): void;
}

/** What stands beside the card: it records the steps. */
interface MachineRow {
  readonly part: 'machine';
  readonly processor: string;
  readonly cores: number;
  readonly system: string;
  readonly node: string;
}

const machineRow = (): MachineRow => ({
  part: 'machine',
  processor: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  system: `${type()} ${release()} ${arch()}`,
  node: process.version,
});

/** Compiling takes PyTorch longest: only the model that a base-sized picture model is judged by. */
const compiled = ['ViT-B/32'];

/**
 * Our kernels and training steps on this machine's graphics card, then the same in PyTorch, stock tfjs and jax-js on
 * the same card, then whether our numbers are right. Each runs alone in a process of its own.
 */
export async function* measure(options: MeasureOptions): AsyncGenerator<GpuRow | MachineRow | VerdictRow> {
  const folder = await mkdtemp(join(tmpdir(), 'strata-gpu-'));
  const rows: GpuRow[] = [];
  try {
    yield machineRow();
    for await (const row of measured(options, folder)) {
      rows.push(row);
      yield row;
    }
    yield verdictOf(rows, options.size);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function* measured(options: MeasureOptions, folder: string): AsyncGenerator<GpuRow> {
  const { size, brief = false, python, seconds, log } = options;
  const deadline = performance.now() + 1000 * seconds;
  const left = () => Math.max(1, (deadline - performance.now()) / 1000);
  const workloads = workloadsOf(size).slice(0, brief ? 1 : undefined);
  const models = workloads.map(({ name }) => name);
  log('Our kernels and steps');
  let found = false;
  const own: CardTask = { size, models, ...(brief ? { parts: ['limits', 'steps'] } : {}) };
  for await (const row of child('card-child', own, 'strata', left())) {
    found ||= row.part === 'adapter';
    yield row;
  }
  // Then the others have nothing to run on, and there is nothing to compare.
  if (!found) return;
  if (size === 'small') {
    log('Our steps on wasm');
    for (const workload of workloads) yield* engine('strata', 'wasm', workload, ['full'], left());
  }
  if (python === null) {
    const reason = 'No Python with PyTorch was found.';
    yield { part: 'failed', by: 'torch', what: 'PyTorch', reason };
  } else {
    log(`PyTorch by ${python}`);
    yield* torch(python, folder, options, workloads, Math.max(20, left() - peerSeconds));
  }
  // The smaller model in both first, should the time not do for the larger one.
  for (const workload of workloads.filter(isVit)) {
    for (const name of ['tfjs', 'jax-js'] as const) {
      log(`${name}: ${workload.name}`);
      yield* engine(name, 'webgpu', workload, brief ? ['top-2'] : ['full', 'top-2'], left());
    }
  }
}

/** What is left to the engines that come after PyTorch. */
const peerSeconds = 60;

function engine(
  by: EngineName,
  backend: StepTask['backend'],
  workload: Workload,
  selections: readonly string[],
  seconds: number,
): AsyncGenerator<GpuRow> {
  const task: StepTask = { engine: by, backend, workload, selections, steps: 3, losses: comparedLosses };
  return child('engine-child', task, by, seconds);
}

async function* child(name: ChildName, task: unknown, by: By, seconds: number): AsyncGenerator<GpuRow> {
  try {
    yield* rowsOfChild<GpuRow>(name, task, { timeoutMs: Math.ceil(1000 * seconds) });
  } catch (error) {
    if (!(error instanceof StrataError)) throw error;
    yield { part: 'failed', by, what: name, reason: error.message };
  }
}

/** Rows of torch_peer.py; those that it could not have carry a reason. */
async function* torch(
  python: string,
  folder: string,
  { size }: MeasureOptions,
  workloads: readonly Workload[],
  seconds: number,
): AsyncGenerator<GpuRow> {
  const device = size === 'card' ? 'cuda' : 'cpu';
  const task = await writeTorchTask(folder, size, workloads, { seconds, device, compiled });
  const script = fileURLToPath(new URL('./torch_peer.py', import.meta.url));
  const peer = spawn(python, [script, task], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => {
    peer.once('close', () => resolve());
    peer.once('error', () => resolve());
  });
  for await (const line of createInterface({ input: peer.stdout })) {
    if (!line.startsWith('{')) continue;
    const row: { part: string; by?: By; what?: string; model?: string; name?: string; reason?: string } =
      JSON.parse(line);
    const what = [row.part, row.what ?? row.name, row.model].filter(Boolean).join(' ');
    yield row.reason === undefined
      ? (row as GpuRow)
      : { part: 'failed', by: row.by ?? 'torch', what, reason: row.reason };
  }
  await ended;
}
