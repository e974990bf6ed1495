import { runWorker } from './backends/run-worker.ts';
import type { Outcome, WorkerTask } from './backends/worker.ts';
import { openWorkerPage, type WorkerPage } from './backends/worker-page.ts';
import { expect, test } from './test.ts';

/** The trainer in a real worker on each backend; WebGPU is SwiftShader's. */

let worker: WorkerPage;
const outcomes = new Map<string, Outcome>();

test.beforeAll(async ({ browser }) => {
  worker = await openWorkerPage('worker.ts', browser);
});
test.afterAll(() => worker?.close());

/** Runs a task in a fresh worker; the same task only once. */
async function run(task: WorkerTask): Promise<Outcome> {
  const key = JSON.stringify(task);
  const known = outcomes.get(key);
  if (known !== undefined) return known;
  const outcome = await runWorker<WorkerTask, Outcome>(worker.page, task);
  outcomes.set(key, outcome);
  return outcome;
}

/** Largest difference of two updates, relative to the largest change of each tensor. */
function difference(a: Outcome, b: Outcome): number {
  expect(Object.keys(a.update)).toEqual(Object.keys(b.update));
  const errors = Object.entries(a.update).map(([name, values]) => {
    const other = b.update[name]!;
    const scale = Math.max(...other.map(Math.abs));
    return Math.max(...values.map((v, i) => Math.abs(v - other[i]!))) / scale;
  });
  return Math.max(...errors);
}

test('C2: a software adapter is passed by, with the reason', { tag: '@long' }, async () => {
  const { chosen } = await run({ force: null, destroyAfter: 0 });
  expect(chosen.name).toBe('wasm');
  expect(chosen.reason).toMatch(/emulated in software/);
  expect(chosen.adapter).toMatch(/swiftshader/i);
});

for (const force of ['wasm', 'webgpu'] as const) {
  test(`${force} trains as cpu does, and C4 holds`, { tag: '@long' }, async () => {
    const expected = await run({ force: 'cpu', destroyAfter: 0 });
    const actual = await run({ force, destroyAfter: 0 });
    expect(actual.chosen.name).toBe(force);
    expect(difference(actual, expected)).toBeLessThan(1e-3);
    for (const [layer, score] of Object.entries(expected.scores)) {
      expect(Math.abs(actual.scores[layer]! / score - 1)).toBeLessThan(1e-3);
    }
    expect(actual.evaluation.loss).toBeCloseTo(expected.evaluation.loss, 4);
    expect(new Set(actual.tensors).size).toBe(1);
  });
}

for (const { where, destroyAfter, batches } of [
  { where: 'the first epoch', destroyAfter: 1, batches: 1 + 4 },
  // The first epoch is not done again.
  { where: 'the second epoch', destroyAfter: 3, batches: 3 + 2 },
]) {
  test(`C2: a device destroyed in ${where} is started anew and the job ends as if nothing had happened`, {
    tag: '@long',
  }, async () => {
    const undisturbed = await run({ force: 'webgpu', destroyAfter: 0 });
    const disturbed = await run({ force: 'webgpu', destroyAfter });
    expect(undisturbed).toMatchObject({ losses: 0, batches: 4 });
    expect(disturbed).toMatchObject({ losses: 1, batches });
    expect(difference(disturbed, undisturbed)).toBeLessThan(1e-6);
    expect(disturbed.tensors).toEqual(undisturbed.tensors);
  });
}
