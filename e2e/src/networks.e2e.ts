import type { Page } from '@playwright/test';
import { ServerProcess } from '@strata/harness';
import { NarrowProxy } from './narrow-proxy.ts';
import { serverOptions } from './server-options.ts';
import { expect, test } from './test.ts';
import type { World } from './world.ts';

/** What stands between a participant and the server, and what a browser lacks: people are told what to do. */

const query = {
  sample: 'emoji',
  shard: '0',
  of: '90',
  backend: 'wasm',
  seed: '1',
  name: 'Ada',
  autostart: '1',
};
const alone = { rounds: 2, cohort: { goal: 1, minimum: 1, quorum: 1 } };

async function joinThrough(world: World, run: string, origin: string, more = {}): Promise<Page> {
  const page = await world.newPage('participant');
  await page.goto(await world.joinLink(run, { ...query, ...more }, origin));
  return page;
}

test('a proxy that refuses updates (413) is said to the person and to the operator, and not tried again', {
  tag: '@long',
}, async ({ world }) => {
  const proxy = await NarrowProxy.start(world.server.url, { mostBytes: 20_000 });
  const run = await world.startRun(alone);
  const page = await joinThrough(world, run, proxy.url);
  const ended = page.locator('[data-testid=ended][data-phase=failed]');
  await ended.waitFor({ timeout: 90_000 });
  await expect(ended).toContainText(/refuses uploads of \d+ kB/);
  await expect(ended).toContainText('client_max_body_size');
  expect(proxy.refused).toBe(1);
  const operator = await world.operate(`/operator/runs/${run}`);
  await expect(operator.getByText(/Ada had to stop.*refuses uploads of \d+ kB/)).toBeVisible();
  await page.waitForTimeout(3_000);
  expect(proxy.refused).toBe(1);
  expect((await world.api.run(run)).clients[0]?.presence).toBe('left');
  await proxy.close();
});

test('a network without WebSockets is said so after some tries, to participants and operators', {
  tag: '@long',
}, async ({ world }) => {
  const proxy = await NarrowProxy.start(world.server.url, { webSockets: false });
  const run = await world.startRun(alone);
  const page = await joinThrough(world, run, proxy.url);
  const ended = page.locator('[data-testid=ended][data-phase=failed]');
  await ended.waitFor({ timeout: 60_000 });
  await expect(ended).toContainText('lets no WebSocket through');
  await expect(ended).toContainText('another network');
  await expect(page.getByTestId('again')).toBeVisible();

  const operator = await world.newPage('operator');
  await operator.goto(`${proxy.url}/operator/runs/${run}#token=${world.server.token}`);
  await expect(operator.getByText('lets no WebSocket through')).toBeVisible({ timeout: 30_000 });
  await proxy.close();
});

test('the server’s log says that a proxy passes no WebSocket on', { tag: '@long' }, async ({ browser }) => {
  const lines: string[] = [];
  const server = await ServerProcess.start({ ...serverOptions, log: (line) => lines.push(line) });
  const proxy = await NarrowProxy.start(server.url, { webSockets: false });
  const page = await browser.newPage();
  await page.goto(`${proxy.url}/bench`);
  await page.evaluate(
    (url) =>
      new Promise((resolve) => {
        new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`).onclose = resolve;
      }),
    proxy.url,
  );
  await expect.poll(() => lines.join('\n')).toContain('does not pass WebSockets on');
  await page.close();
  await proxy.close();
  await server.dispose();
});

test('offline while it sends is said within 5 s, and it goes on by itself', { tag: '@long' }, async ({
  world,
}) => {
  const release = world.holdUpdates();
  const run = await world.startRun({ ...alone, rounds: 1 });
  const page = await world.join(run, 0, { backend: 'wasm' });
  await page.locator('[data-testid=status][data-phase=sending]').waitFor({ timeout: 60_000 });
  await page.context().setOffline(true);
  const since = Date.now();
  await page.getByText('This device is offline').waitFor({ timeout: 5_000 });
  expect(Date.now() - since).toBeLessThan(5_000);
  await page.context().setOffline(false);
  await expect(page.getByText('This device is offline')).toHaveCount(0);
  release();
  await world.finished(run);
});

test('updates that get no answer are said within 5 s', { tag: '@long' }, async ({ world }) => {
  const run = await world.startRun({ ...alone, rounds: 1 });
  const page = await world.newPage('participant');
  // The line goes dead without a word: nothing fails, nothing arrives.
  let dead = false;
  const waiting: (() => void)[] = [];
  await page.context().route(/\/(rounds\/\d+\/update|api\/public\/knock)$/, async (route) => {
    if (route.request().method() === 'PUT') dead = true;
    if (dead) await new Promise<void>((resolve) => waiting.push(resolve));
    await route.continue().catch(() => {});
  });
  await page.goto(await world.joinLink(run, query));
  await page.locator('[data-testid=status][data-phase=sending]').waitFor({ timeout: 60_000 });
  await expect.poll(() => dead).toBe(true);
  await page.getByText('The server has not answered for some seconds.').waitFor({ timeout: 5_000 });
  dead = false;
  for (const go of waiting) go();
  await world.finished(run);
});

test('a browser that keeps nothing (cookies blocked) can take part', { tag: '@long' }, async ({ world }) => {
  const run = await world.startRun({ ...alone, rounds: 1 });
  const page = await world.newPage('participant');
  await page.addInitScript(() => {
    const denied = () => {
      throw new DOMException('denied', 'SecurityError');
    };
    for (const name of ['sessionStorage', 'localStorage', 'caches', 'indexedDB']) {
      Object.defineProperty(window, name, { get: denied });
    }
    Object.defineProperty(navigator, 'storage', { get: denied });
    Object.defineProperty(navigator, 'locks', { value: undefined });
    Object.defineProperty(crypto, 'randomUUID', { value: undefined });
  });
  await page.goto(await world.joinLink(run, query));
  await world.finished(run);
  await page.locator('[data-testid=ended][data-phase=over]').waitFor();
});

test('a browser without workers is told so, and which would do', { tag: '@long' }, async ({ world }) => {
  const run = await world.startRun(alone);
  const page = await world.newPage('participant');
  await page.addInitScript(() => Object.defineProperty(window, 'Worker', { value: undefined }));
  await page.goto(await world.joinLink(run, query));
  const ended = page.locator('[data-testid=ended][data-phase=failed]');
  await expect(ended).toContainText('current version of Chrome');
});

test('a part of the page that does not arrive is said, where nothing of the page runs', {
  tag: '@long',
}, async ({ world }) => {
  const run = await world.startRun(alone);
  const page = await world.browser.newPage();
  await page.route(/\/assets\/index-.*\.js$/, (route) => route.abort());
  await page.goto(await world.joinLink(run, query));
  await expect(page.getByRole('alert')).toContainText('did not arrive');
  await page.unroute(/\/assets\/index-.*\.js$/);
  await page.route(/\/assets\/index-.*\.js$/, (route) =>
    route.fulfill({ contentType: 'text/javascript', body: 'this is no language of any browser' }),
  );
  await page.reload();
  await expect(page.getByRole('alert')).toContainText('cannot open Strata');
  await page.close();
});

test('a duplicated tab does not train as the same client, and can be somebody else', {
  tag: '@long',
}, async ({ world }) => {
  const release = world.holdUpdates();
  const run = await world.startRun(alone);
  const { autostart: _, ...given } = query;
  const page = await world.newPage('participant');
  await page.goto(await world.joinLink(run, given));
  await page.locator('[data-testid=join]:enabled').click();
  await page.locator('[data-testid=status]').waitFor();
  const kept = await page.evaluate(() => Object.entries(sessionStorage));
  const twin = await page.context().newPage();
  // What a browser copies when a tab is duplicated.
  await twin.addInitScript((entries) => {
    for (const [key, value] of entries) sessionStorage.setItem(key, value);
  }, kept);
  await twin.goto(await world.joinLink(run, given));
  await twin.getByTestId('taken').waitFor();
  expect((await world.api.run(run)).clients).toHaveLength(1);
  await twin.getByTestId('anew').click();
  await twin.locator('[data-testid=join]:enabled').click();
  await expect.poll(async () => (await world.api.run(run)).clients.length).toBe(2);
  release();
  await world.finished(run);
});

test('what one did is kept over a reload after the end, and over a closed tab', { tag: '@long' }, async ({
  world,
}) => {
  const run = await world.startRun({ ...alone, rounds: 1 });
  const { autostart: _, ...given } = query;
  const page = await world.newPage('participant');
  await page.goto(await world.joinLink(run, given));
  await page.locator('[data-testid=join]:enabled').click();
  await world.finished(run);
  const told = page.locator('[data-testid=ended][data-phase=over]');
  await expect(told).toContainText('You helped in 1 round');
  await page.reload();
  await expect(told).toContainText('You helped in 1 round');
  const later = await page.context().newPage();
  await page.close();
  await later.goto(await world.joinLink(run, given));
  await expect(later.locator('[data-testid=ended][data-phase=over]')).toContainText('You helped in 1 round');
});

test('after joining on a phone the progress is on the screen, and has the focus', { tag: '@long' }, async ({
  world,
}) => {
  const run = await world.startRun({ cohort: { goal: 3, minimum: 3, quorum: 1 } });
  const { autostart: _, ...given } = query;
  const page = await world.newPage('participant', { viewport: { width: 390, height: 664 } });
  await page.goto(await world.joinLink(run, given));
  await page.locator('[data-testid=join]:enabled').click();
  const status = page.getByTestId('status');
  await expect(status.getByRole('heading', { level: 1 })).toBeFocused();
  await expect(status.getByRole('heading', { level: 1 })).toBeInViewport({ ratio: 1 });
});
