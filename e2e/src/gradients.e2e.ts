import { fixtures } from '@strata/fl-core/models/testing';
import type { Outcome, WorkerTask } from './backends/gradients-worker.ts';
import { runWorker } from './backends/run-worker.ts';
import { openWorkerPage, type WorkerPage } from './backends/worker-page.ts';
import { expect, test } from './test.ts';

/** The same numbers in a real worker of a real browser as in PyTorch and on the cpu backend. */

let worker: WorkerPage;

test.beforeAll(async ({ browser }) => {
  worker = await openWorkerPage('gradients-worker.ts', browser);
});
test.afterAll(() => worker?.close());

for (const force of ['wasm', 'webgpu'] as const) {
  test(`${force}: of every architecture, a CNN and every fused operation`, { tag: '@long' }, async () => {
    const outcome = await runWorker<WorkerTask, Outcome>(worker.page, { force });
    const models = outcome.models.map(({ name, cases, milliseconds }) => ({
      name,
      milliseconds,
      logits: Math.max(...cases.map((c) => c.logits)),
      loss: Math.max(...cases.map((c) => c.loss)),
      gradients: cases.flatMap((c) => Object.entries(c.gradients)),
    }));
    const exponent = (n: number) => n.toExponential(1);
    console.log(
      [
        `${force}: worst errors`,
        ...models.map(({ name, logits, loss, gradients, milliseconds }) => {
          const worst = exponent(Math.max(...gradients.map(([, e]) => e)));
          const errors = `logits ${exponent(logits)}, loss ${exponent(loss)}, gradients ${worst}`;
          return `${name}: ${errors}; ${Math.round(milliseconds)} ms`;
        }),
        ...Object.entries(outcome.operations).map(
          ([operation, e]) =>
            `${operation}: ${exponent(e)}; cpu by finite differences ${exponent(outcome.differences[operation]!)}`,
        ),
      ].join('\n  '),
    );
    expect(outcome.backend).toBe(force);
    expect(models.map(({ name }) => name)).toEqual(fixtures);
    for (const { name, logits, loss, gradients } of models) {
      expect(logits, `${name}: logits`).toBeLessThan(1e-4);
      expect(loss, `${name}: loss`).toBeLessThan(1e-4);
      expect(gradients.length, name).toBeGreaterThan(20);
      for (const [parameter, error] of gradients) {
        expect(error, `${name}: ${parameter}`).toBeLessThan(1e-4);
      }
    }
    for (const [operation, error] of Object.entries(outcome.operations)) {
      expect(error, operation).toBeLessThan(1e-4);
      expect(outcome.differences[operation], operation).toBeLessThan(1e-4);
    }
    expect(outcome.left).toBe(0);
  });
}
