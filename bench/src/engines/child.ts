/** Measures one engine on one backend, alone in its process: the task is the argument, results are lines of JSON. */
import {
  blocksOf,
  flopsOf,
  isVit,
  type MeasuredTrainer,
  measureSteps,
  selectionsOf,
} from '@strata/gpu-bench';
import type { EngineName, StepTask, VitEngineFactory } from './engine.ts';

// Only the engine asked for is loaded: loading ours would register our kernels for stock tfjs too.
const factories: Readonly<Record<EngineName, (task: StepTask) => Promise<MeasuredTrainer>>> = {
  strata: async (task) => (await import('./strata.ts')).strata(task),
  tfjs: async (task) => ofVit((await import('./stock.ts')).stock, task),
  'jax-js': async (task) => ofVit((await import('./jax.ts')).jax, task),
};

function ofVit(factory: VitEngineFactory, task: StepTask): Promise<MeasuredTrainer> {
  const { workload } = task;
  if (!isVit(workload)) throw new Error(`Only a Vision Transformer was written for ${task.engine}.`);
  return factory({ ...task, workload });
}

const task: StepTask = JSON.parse(process.argv[2] ?? '');
const { engine: by, backend, workload, steps, losses } = task;
const engine = await factories[by](task);
const blocks = blocksOf(workload);

for (const selection of selectionsOf(blocks, blocks)) {
  if (!task.selections.includes(selection.name)) continue;
  const row = { part: 'step', by, backend, model: workload.name, selection: selection.name };
  const running = await engine.prepare(selection);
  const options = { steps, losses: selection.name === 'full' ? losses : 1 };
  const figures =
    running === null
      ? { reason: 'The engine has no prefix cache.' }
      : await measureSteps(engine, running, options);
  process.stdout.write(`${JSON.stringify({ ...row, flops: flopsOf(workload, selection), ...figures })}\n`);
}
// Dawn keeps the event loop alive.
process.exit(0);
