import { text } from 'node:stream/consumers';
import type { Page } from '@playwright/test';
import { chooseBackend } from '@strata/fl-core/training';
import {
  blocksOf,
  type GpuRow,
  type Meters,
  measureSteps,
  selectionsOf,
  workloadsOf,
} from '@strata/gpu-bench';
import { comparedLosses, strataEngine } from '@strata/gpu-bench/strata';
import { expectAccessible } from './axe.ts';
import { expect, test } from './test.ts';
import type { World } from './world.ts';

/** The smallest there is: SwiftShader is slow. */
const model = 'small ViT';
const query = new URLSearchParams({ size: 'small', models: model, parts: 'limits,steps,products' });

interface Report {
  readonly bench: string;
  readonly where: string;
  readonly userAgent: string;
  readonly date: string;
  readonly rows: readonly GpuRow[];
}

const rowsOf = <Part extends GpuRow['part']>(rows: readonly GpuRow[], part: Part) =>
  rows.filter((row): row is Extract<GpuRow, { part: Part }> => row.part === part);

async function open(world: World, search: string, before?: (page: Page) => Promise<unknown>) {
  const page = await world.newPage('bench');
  await before?.(page);
  await page.goto(`${world.server.url}/bench?${search}`);
  return page;
}
const reached = (page: Page, state: string) =>
  expect(page.getByTestId('bench-state')).toHaveAttribute('data-state', state, { timeout: 120_000 });

test('measures steps whose losses are those of the processor, and hands out its rows', {
  tag: '@long',
}, async ({ world }) => {
  const page = await open(world, String(query));
  await page.getByTestId('bench-start').click();
  await reached(page, 'done');
  await expectAccessible(page, 'bench, with results');
  const { done, total } = await page
    .getByTestId('bench-state')
    .evaluate(({ dataset }) => ({ done: dataset.done, total: dataset.total }));
  expect(done).toBe(total);

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByTestId('bench-save').click(),
  ]);
  expect(download.suggestedFilename()).toBe('strata-gpu.json');
  const report: Report = JSON.parse(await text(await download.createReadStream()));
  expect(report).toMatchObject({ bench: 'gpu', where: 'browser' });
  expect(report.userAgent).toContain('Chrome');
  expect(Date.parse(report.date)).not.toBeNaN();

  const { rows } = report;
  expect(rowsOf(rows, 'failed')).toEqual([]);
  expect(rowsOf(rows, 'adapter')).toMatchObject([{ software: true }]);
  // One for each planned row, and the adapter's.
  expect(rows).toHaveLength(Number(total) + 1);
  // The build must not rename what tfjs labels its kernels with.
  for (const { kernels } of rowsOf(rows, 'kernels')) {
    for (const { label } of kernels) expect(label).toMatch(/\w{3}/);
  }
  const products = rowsOf(rows, 'product');
  expect(products.length).toBeGreaterThan(0);
  for (const { name, error } of products) expect(error, name).toBeLessThan(1e-5);

  const steps = rowsOf(rows, 'step');
  const wasm = await lossesOnWasm();
  expect(steps.map(({ selection }) => selection)).toEqual([...wasm.keys()]);
  for (const { selection, losses } of steps) {
    const expected = wasm.get(selection)?.slice(0, losses.length) ?? [];
    expect(losses.length, selection).toBeGreaterThan(0);
    losses.forEach((loss, i) => {
      const relative = Math.abs(loss - (expected[i] ?? Number.NaN)) / loss;
      expect(relative, `${selection}, step ${i}`).toBeLessThan(1e-4);
    });
  }
  // The table has what the rows have.
  await expect(page.locator(`[data-testid=bench-steps] [data-model="${model}"]`)).toHaveCount(steps.length);
  expect(world.pageErrors).toEqual([]);
});

test('starts by its address, and stops by its button', { tag: '@long' }, async ({ world }) => {
  const page = await open(world, `${query}&autostart=1`);
  await page.getByTestId('bench-stop').click();
  await reached(page, 'stopped');
  await expect(page.getByTestId('bench-start')).toBeEnabled();
  expect(world.pageErrors).toEqual([]);
});

test('says so when its worker does not come', { tag: '@long' }, async ({ world }) => {
  const page = await open(world, `${query}&autostart=1`, (page) =>
    page.route('**/assets/worker-*.js', (route) => route.abort()),
  );
  await reached(page, 'failed');
  const notice = page.getByRole('alert').filter({ hasText: 'The measurement stopped' });
  await expect(notice).toHaveAttribute('data-code', 'internal');
  await expect(page.getByTestId('bench-start')).toBeEnabled();
});

test('tells a browser without WebGPU what to do', { tag: '@long' }, async ({ world }) => {
  const page = await open(world, '', (page) =>
    page.addInitScript(() => Object.defineProperty(Navigator.prototype, 'gpu', { value: undefined })),
  );
  const notice = page.getByRole('alert').filter({ hasText: 'WebGPU' });
  await expect(notice).toHaveAttribute('data-code', 'unavailable');
  await expect(page.getByTestId('bench-start')).toHaveCount(0);
});

const noMeters: Meters = {
  dispatches: () => null,
  restart: () => {},
  peakBytes: () => null,
  lastSubmit: () => null,
};

/** The same steps on the processor, in this process. */
async function lossesOnWasm(): Promise<Map<string, readonly number[]>> {
  await chooseBackend({ force: 'wasm' });
  const [workload] = workloadsOf('small', [model]);
  const engine = await strataEngine(workload!, noMeters);
  const all = new Map<string, readonly number[]>();
  for (const selection of selectionsOf(blocksOf(workload!))) {
    const running = await engine.prepare(selection);
    const { losses } = await measureSteps(engine, running, { steps: 1, losses: comparedLosses });
    all.set(selection.name, losses);
  }
  engine.dispose();
  return all;
}
