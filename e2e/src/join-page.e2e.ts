import { expect, test } from './test.ts';

/** What a participant's device has to fetch before its person sees anything. */

/** Bytes as sent, compressed: of scripts and styles, and with document, fonts and answers. */
const budget = { code: 190_000, all: 245_000 };

test('the join page comes with a budget of bytes, and with nothing of the operator’s', async ({ world }) => {
  const run = await world.startRun();
  const page = await world.newPage('participant');
  // Training has a budget of its own, and begins to load only when the page is there.
  // It is held back: a page whose worker fails says so instead of what is measured here.
  await page.route(/\/assets\/worker-/, () => {});
  const arrived: { url: string; kind: string; bytes: number }[] = [];
  page.on('response', async (response) => {
    const bytes = Number((await response.headerValue('content-length')) ?? 0);
    arrived.push({ url: response.url(), kind: response.request().resourceType(), bytes });
  });
  await page.goto(await world.joinLink(run));
  await page.getByRole('heading', { name: 'Tiny' }).waitFor();
  for (let seen = -1; seen < arrived.length; await page.waitForTimeout(700)) seen = arrived.length;
  const sum = (files: typeof arrived) => files.reduce((total, { bytes }) => total + bytes, 0);
  const code = arrived.filter(({ kind }) => kind === 'script' || kind === 'stylesheet');
  console.log(`code ${sum(code)} B in ${code.length} files, all ${sum(arrived)} B in ${arrived.length}`);
  expect(sum(code)).toBeGreaterThan(50_000); // it was measured
  expect(sum(code)).toBeLessThan(budget.code);
  expect(sum(arrived)).toBeLessThan(budget.all);
  // One of each: a phone asks for six at a time, and waits for each.
  expect(code.length).toBeLessThanOrEqual(3);
  const scripts = await Promise.all(
    code.map(({ url }) => page.request.get(url).then((answer) => answer.text())),
  );
  for (const word of ['echarts', 'visualMap', 'qrcode']) expect(scripts.join()).not.toContain(word);
});

test('something is seen before the script has come', async ({ world }) => {
  const run = await world.startRun();
  const page = await world.newPage('participant');
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(/\/assets\/.*\.js$/, async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(await world.joinLink(run), { waitUntil: 'commit' });
  await page.getByText('Strata is opening').waitFor();
  release();
  await page.getByRole('heading', { name: 'Tiny' }).waitFor();
  await expect(page.getByText('Strata is opening')).toHaveCount(0);
});
