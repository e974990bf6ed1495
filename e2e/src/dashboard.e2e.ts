import { buffer } from 'node:stream/consumers';
import type { Page } from '@playwright/test';
import { PNG } from 'pngjs';
import { shot } from './shot.ts';
import { expect, test } from './test.ts';

/** The dashboard while it is looked at. */

interface Shift {
  /** What the browser counts towards the Cumulative Layout Shift. */
  readonly value: number;
  readonly what: readonly string[];
}

/** Notes what moves from now on, and where the invitation is. */
const observe = (page: Page) =>
  page.evaluate(() => {
    const seen: Shift[] = [];
    const tops = new Set<number>();
    Object.assign(window, { seen, tops });
    setInterval(() => {
      const invitation = document.querySelector('[data-testid=invite]');
      if (invitation) tops.add(Math.round(invitation.getBoundingClientRect().top + scrollY));
    }, 100);
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { value, hadRecentInput, sources } = entry as PerformanceEntry & {
          value: number;
          hadRecentInput: boolean;
          sources: { node: Node | null }[];
        };
        if (hadRecentInput) continue;
        const what = sources.map(({ node }) => {
          const element = node instanceof Element ? node : node?.parentElement;
          const panel = element?.closest('[data-testid]')?.getAttribute('data-testid');
          return `${element?.tagName} in ${panel}: ${element?.textContent?.slice(0, 40)}`;
        });
        seen.push({ value, what });
      }
    }).observe({ type: 'layout-shift', buffered: false });
  });

const seenBy = (page: Page) =>
  page.evaluate(() => {
    const { seen, tops } = window as unknown as { seen: Shift[]; tops: Set<number> };
    return { seen, tops: [...tops] };
  });

test('over four rounds the dashboard moves by less than 0.1, and the invitation not at all', {
  tag: '@long',
}, async ({ world }) => {
  const run = await world.startRun({ rounds: 4 });
  const path = `/operator/runs/${run}`;
  const views = {
    desk: await world.operate(path),
    phone: await world.operate(path, { width: 360, height: 740 }),
    // Where the charts are: who reads those is not to lose the line either.
    charts: await world.operate(path),
  };
  await views.charts.getByTestId('learning').scrollIntoViewIfNeeded();
  for (const page of Object.values(views)) {
    await page.getByText('Nobody has joined yet').waitFor();
    await page.waitForTimeout(500);
    await observe(page);
  }
  await Promise.all([0, 1, 2].map((shard) => world.join(run, shard, { backend: 'wasm' })));
  await world.finished(run);
  for (const page of Object.values(views)) await page.locator('[data-run][data-state=finished]').waitFor();
  await views.desk.waitForTimeout(1000);
  for (const [name, page] of Object.entries(views)) {
    const { seen, tops } = await seenBy(page);
    const sum = seen.reduce((n, { value }) => n + value, 0);
    console.log(`${name}: CLS ${sum.toFixed(4)}`, process.env.STRATA_SHOTS ? JSON.stringify(seen) : '');
    expect(sum, `${name}: ${JSON.stringify(seen)}`).toBeLessThan(0.1);
    expect(tops, `${name}: ${JSON.stringify(seen)}`).toHaveLength(1);
  }
  for (const dark of [false, true]) {
    for (const width of [1280, 360]) {
      await views.desk.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
      await views.desk.setViewportSize({ width, height: 900 });
      await views.desk.waitForTimeout(400);
      await shot(views.desk, `dashboard-${width}-${dark ? 'dark' : 'light'}`);
    }
  }
});

test('a chart goes home as a picture and as numbers; what is trained can be told where the system has colours of its own', {
  tag: '@long',
}, async ({ world }) => {
  // In the first round the head alone is trained: there is nothing to choose by.
  const run = await world.startRun({ rounds: 2, cohort: { goal: 1, minimum: 1, quorum: 1 } });
  await world.join(run, 0, { backend: 'wasm' });
  await world.finished(run);
  const page = await world.operate(`/operator/runs/${run}`);
  const save = async (what: string, as: string) => {
    await expect(page.getByRole('menu')).toHaveCount(0); // the one before has closed
    await page.getByTestId(`save-${what}`).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: as }).click(),
    ]);
    return { name: download.suggestedFilename(), bytes: await buffer(await download.createReadStream()) };
  };
  const { rounds } = await world.api.run(run);
  const numbers = await save('loss-and-accuracy', 'Numbers');
  expect(numbers.name).toBe('loss-and-accuracy.csv');
  const lines = rounds.map((r) =>
    [r.round, r.loss, r.trainLoss, r.accuracy, r.medianAccuracy].map(String).join(','),
  );
  expect(numbers.bytes.toString()).toBe(
    ['round,Held-out loss,Training loss,Accuracy,"Accuracy, median"', ...lines, ''].join('\r\n'),
  );
  for (const what of ['loss-and-accuracy', 'layer-importance']) {
    const picture = PNG.sync.read((await save(what, 'Picture')).bytes);
    const chart = await page.getByTestId(what === 'layer-importance' ? 'heatmap' : 'learning').boundingBox();
    // twice as fine as on the page, and not one colour
    expect(picture.width).toBeGreaterThan(1.5 * (chart?.width ?? Number.NaN));
    expect(new Set(picture.data.subarray(0, 400_000)).size).toBeGreaterThan(8);
  }
  const members = await save('participants-of-round-2', 'Numbers');
  expect(members.bytes.toString().split('\r\n')[1]).toContain('Tab 0,evaluated');
  await expect(
    page.getByRole('img', { name: /^Loss and accuracy by round\. Held-out loss: from [\d.]+ in round 1 to/ }),
  ).toBeVisible();

  const cell = (chosen: boolean) =>
    page.locator(`[data-testid=mask-table] td[data-chosen=${chosen}]`).first().screenshot();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ forcedColors: 'active', colorScheme });
    await page.locator('[data-testid=mask-table] td').first().waitFor();
    expect((await cell(true)).equals(await cell(false))).toBe(false);
  }
  await shot(page, 'forced-colours');
});
