import type { Page } from '@playwright/test';
import { strToU8, zipSync } from 'fflate';
import { PNG } from 'pngjs';
import { shot } from './shot.ts';
import { expect, test } from './test.ts';
import type { World } from './world.ts';

/** A square picture of one colour. */
function png(side: number, [r, g, b]: readonly [number, number, number]): Uint8Array {
  const image = new PNG({ width: side, height: side });
  for (let i = 0; i < side * side; i++) image.data.set([r, g, b, 255], i * 4);
  return new Uint8Array(PNG.sync.write(image));
}

const labels = ['cat', 'dog', 'owl'];

/** What people really have: a zip with folders of other names, a copy, a broken file, and clutter. */
function petsZip(): Uint8Array {
  const files: Record<string, Uint8Array> = {
    'pets/cat/.DS_Store': strToU8('x'),
    '__MACOSX/pets/cat/._0.png': strToU8('x'),
    'pets/cat/copy.png': png(8, [0, 0, 0]),
    'pets/cat/zz-broken.png': png(8, [9, 9, 9]).subarray(0, 40),
  };
  for (let i = 0; i < 6; i++) {
    files[`pets/cat/${i}.png`] = png(8, [i, 0, 0]);
    files[`pets/dogs/${i}.png`] = png(8, [0, i + 1, 0]);
    files[`pets/Eule/${i}.png`] = png(8, [0, 0, i + 1]);
  }
  return zipSync(files);
}

/** The pixels (N, side, side, 3) that the worker keeps on the device, read as the page can. */
const keptPixels = (page: Page, side: number): Promise<number[]> =>
  page.evaluate(async (side) => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('strata-data');
    for await (const handle of folder.values()) {
      if (handle.kind !== 'file') continue;
      const file = await (handle as FileSystemFileHandle).getFile();
      const bytes = new Uint8Array(await file.arrayBuffer());
      const length = new DataView(bytes.buffer).getUint32(0, true);
      const { samples } = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
      return [...bytes.subarray(4 + length + 4 * samples)].slice(0, samples * side * side * 3);
    }
    return [];
  }, side);

/** The page of a run on the participants' own pictures, on a phone. */
async function open(world: World): Promise<Page> {
  const run = await world.startRun({ labels, data: { kind: 'image', sample: null } });
  const page = await world.newPage('participant', { viewport: { width: 360, height: 740 } });
  await page.goto(await world.joinLink(run, { backend: 'wasm' }));
  return page;
}

const choose = (page: Page, name: string, bytes: Uint8Array) =>
  page.getByTestId('zip').setInputFiles([{ name, mimeType: '', buffer: Buffer.from(bytes) }]);

test('a zip with other names: the person says what they mean, and a second visit needs no files', async ({
  world,
}) => {
  const page = await open(world);
  await choose(page, 'holiday.zip', petsZip());
  const names = page.getByTestId('unknown-names');
  await expect(names.getByLabel('dogs')).toHaveValue('dog'); // suggested
  await names.getByLabel('Eule').selectOption('owl');
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  await shot(page, 'names');
  await names.getByRole('button').click();
  await names.waitFor({ state: 'detached' });
  await page.locator('[data-testid=join]:enabled').waitFor();
  const report = page.getByTestId('data-report');
  await expect(report).toContainText(/14 examples to learn from, 4 more set aside/);
  const problems = page.getByTestId('data-problems');
  await problems.locator('summary').click();
  await expect(problems).toContainText(/(copy|0)\.png is the same picture as/);
  await expect(problems).toContainText(/zz-broken\.png cannot be decoded/);
  await page.getByTestId('keeping').waitFor();
  await shot(page, 'report');

  await page.reload();
  await page.locator('[data-testid=join]:enabled').waitFor();
  await expect(report).toContainText(/14 examples/);

  // Another tab of the same browser later on: nothing is chosen for the person.
  const later = await page.context().newPage();
  world.watch(later, 'later visit');
  await later.goto(page.url());
  const welcome = later.getByTestId('welcome-back');
  await expect(welcome).toContainText(/18 pictures are still on this device/);
  await shot(later, 'welcome');
  await welcome.getByRole('button').click();
  await later.locator('[data-testid=join]:enabled').waitFor();

  await later.getByTestId('forget').click();
  await later.getByTestId('stored').waitFor({ state: 'detached' });
  await page.reload();
  await expect(page.getByTestId('notice')).toContainText(/not on this device any more/);
  expect(world.pageErrors).toEqual([]);
});

test('a photo lies as its EXIF orientation says', async ({ world }) => {
  const page = await open(world);
  // Red above blue as it is stored; orientation 6: the camera was turned, red belongs on the right.
  const bytes = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(64, 64);
    const context = canvas.getContext('2d')!;
    context.fillStyle = 'red';
    context.fillRect(0, 0, 64, 32);
    context.fillStyle = 'blue';
    context.fillRect(0, 32, 64, 32);
    const jpeg = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/jpeg' })).arrayBuffer());
    return [...jpeg];
  });
  const exif = [
    ...strToU8('Exif\0\0MM\0*'),
    0,
    0,
    0,
    8,
    0,
    1,
    0x01,
    0x12,
    0,
    3,
    0,
    0,
    0,
    1,
    0,
    6,
    0,
    0,
    0,
    0,
    0,
    0,
  ];
  const turned = Uint8Array.from([0xff, 0xd8, 0xff, 0xe1, 0, exif.length + 2, ...exif, ...bytes.slice(2)]);
  await choose(page, 'cat.zip', zipSync({ 'turned.jpg': turned, 'other.png': png(8, [1, 2, 3]) }));
  await page.getByTestId('keeping').waitFor();
  const side = 32;
  const pixels = await keptPixels(page, side);
  const at = (x: number, y: number) => pixels.slice(3 * (y * side + x), 3 * (y * side + x) + 3);
  for (const y of [4, 28]) {
    const [left, right] = [at(4, y), at(28, y)];
    expect(left[2]! - left[0]!).toBeGreaterThan(200); // blue
    expect(right[0]! - right[2]!).toBeGreaterThan(200); // red
  }
});

test('without a camera the page says so and goes on', async ({ world }) => {
  const page = await open(world);
  await page.getByRole('button', { name: 'Use the camera' }).click();
  await expect(page.getByTestId('camera').getByRole('alert')).toContainText(/camera/i);
  await page.getByRole('button', { name: 'Close the camera' }).click();
  expect(world.pageErrors).toEqual([]);
});

test('the base weights are fetched once per browser', async ({ world }) => {
  const one = { rounds: 1, cohort: { goal: 1, minimum: 1, quorum: 1 } };
  const first = await world.startRun(one);
  const page = await world.join(first, 0, { backend: 'wasm' });
  await page.locator('[data-testid=ended][data-phase=over]').waitFor({ timeout: 120_000 });
  const kept = await page.evaluate(async () =>
    (await (await caches.open('strata-models')).keys()).map(({ url }) => url.split('/').at(-1)),
  );
  expect(kept.length).toBeGreaterThan(4);
  await page.getByTestId('stored').waitFor();

  const second = await world.startRun(one);
  const asked: string[] = [];
  const later = await page.context().newPage();
  later.on('request', (request) => asked.push(request.url()));
  const query = Object.fromEntries(new URL(page.url()).searchParams);
  await later.goto(await world.joinLink(second, query));
  await later.locator('[data-testid=ended][data-phase=over]').waitFor({ timeout: 120_000 });
  const blobs = asked.filter((url) => url.includes('/blobs/')).map((url) => url.split('/').at(-1));
  expect(blobs.length).toBeGreaterThan(0); // the layers that the round changed: requests of workers are seen
  expect(blobs.filter((sha256) => kept.includes(sha256))).toEqual([]);
  expect(world.pageErrors).toEqual([]);
});
