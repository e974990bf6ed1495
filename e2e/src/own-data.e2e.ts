import type { Page } from '@playwright/test';
import { exifBlock, jpegWithExif, pngWithChunk, webpWithExif } from '@strata/fl-core/data/pictures/testing';
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

  // Another tab of the same browser later on is the same participant, with the same data.
  const later = await page.context().newPage();
  world.watch(later, 'later visit');
  const address = page.url();
  await page.close();
  await later.goto(address);
  await later.locator('[data-testid=join]:enabled').waitFor();
  await expect(later.getByTestId('data-report')).toContainText(/14 examples/);
  await shot(later, 'later');

  await later.getByTestId('forget').click();
  await later.getByTestId('stored').waitFor({ state: 'detached' });
  await later.reload();
  await later.getByTestId('zip').waitFor({ state: 'attached' });
  await expect(later.getByTestId('welcome-back')).toHaveCount(0);
  expect(world.pageErrors).toEqual([]);
});

/** Red above blue, as bytes of each type that the browser writes. */
const drawTwoHalves = (page: Page, types: readonly string[]): Promise<number[][]> =>
  page.evaluate(
    (types) =>
      Promise.all(
        types.map(async (type) => {
          const canvas = new OffscreenCanvas(64, 64);
          const context = canvas.getContext('2d')!;
          context.fillStyle = 'red';
          context.fillRect(0, 0, 64, 32);
          context.fillStyle = 'blue';
          context.fillRect(0, 32, 64, 32);
          return [...new Uint8Array(await (await canvas.convertToBlob({ type })).arrayBuffer())];
        }),
      ),
    types,
  );

/** AVIF of 16 x 8 pixels, the left half red, the right one blue, and a box (irot) that turns it by 90 degrees: red is above. */
const turnedAvif = Buffer.from(
  'AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUEAAAD1bWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAAAAAAAOcGl0bQAAAAAAAQAAAB5pbG9jAAAAAEQAAAEAAQAAAAEAAAEdAAAAMgAAAChpaW5mAAAAAAABAAAAGmluZmUCAAAAAAEAAGF2MDFDb2xvcgAAAAB0aXBycAAAAFRpcGNvAAAAFGlzcGUAAAAAAAAAEAAAAAgAAAAQcGl4aQAAAAADCAgIAAAADGF2MUOBIAAAAAAAE2NvbHJuY2x4AAEADQAGgAAAAAlpcm90AwAAABhpcG1hAAAAAAAAAAEAAQUBAoMEhQAAADptZGF0EgAKCDgMv7SAhoNIMiQXgmMEwkkkkygAAADLqPQawNGTE+9O4BdATIqczimfem0Ekjg=',
  'base64',
);

/** Its major brand says only that there are pictures. */
function ofBrand(avif: Uint8Array, brand: string): Uint8Array {
  const copy = Uint8Array.from(avif);
  copy.set(strToU8(brand), 8);
  return copy;
}

const side = 32; // of the model

/** Colours of a kept picture at points of its square, as R or B; `-` for anything else. */
function colours(pixels: readonly number[], picture: number): string {
  const at = (x: number, y: number) => {
    const start = 3 * (picture * side * side + y * side + x);
    const [red = 0, , blue = 0] = pixels.slice(start, start + 3);
    return red - blue > 200 ? 'R' : blue - red > 200 ? 'B' : '-';
  };
  return [at(5, 5), at(26, 5), at(5, 26), at(26, 26)].join('');
}

test('photos lie as their metadata say, whatever their format', async ({ world }) => {
  const page = await open(world);
  const drawn = await drawTwoHalves(page, ['image/jpeg', 'image/png', 'image/webp']);
  const [jpeg, picture, webp] = drawn.map((bytes) => Uint8Array.from(bytes));
  // Orientation 6: the camera was turned, red belongs on the right. Orientation 3: upside down.
  const files = {
    'cat/1.jpg': jpegWithExif(jpeg!, exifBlock(6)),
    'cat/2.jpg': jpegWithExif(jpeg!, exifBlock(3, 'II')),
    'cat/3.png': pngWithChunk(picture!, 'eXIf', exifBlock(6)),
    'cat/4.webp': webpWithExif(webp!, { width: 64, height: 64 }, exifBlock(6)),
    'cat/5.avif': ofBrand(turnedAvif, 'mif1'),
    'cat/6.avif': turnedAvif,
    'cat/7.jpg': jpeg!.subarray(0, -2), // without its end
    'cat/8.png': picture!.subarray(0, -12), // the same
    'cat/9.jpg': jpeg!.subarray(0, jpeg!.length - 30), // pixels are missing
  };
  await choose(page, 'photos.zip', zipSync(files));
  await page.getByTestId('keeping').waitFor();
  const problems = page.getByTestId('data-problems');
  await problems.locator('summary').click();
  await expect(problems.locator('li')).toHaveText([
    /^photos\/cat\/9\.jpg cannot be decoded: it was not copied to its end$/,
  ]);
  const pixels = await keptPixels(page, side);
  expect(Array.from({ length: 8 }, (_, i) => colours(pixels, i))).toEqual([
    'BRBR',
    'BBRR',
    'BRBR',
    'BRBR',
    'RRBB',
    'RRBB',
    'RRBB',
    'RRBB',
  ]);
});

test('of a panorama the square is cut out before it is shrunk', async ({ world }) => {
  const page = await open(world);
  // 96 pixels high, stripes of single pixels in the middle.
  const stripes = (width: number) => {
    const image = new PNG({ width, height: 96 });
    const begin = (width - 96) / 2;
    for (let y = 0; y < 96; y++) {
      for (let x = 0; x < width; x++) {
        const inside = x - begin;
        const value = Math.floor(inside / 3) % 2 === 0 ? 0 : 240;
        image.data.set([value, value, y, 255], 4 * (y * width + x));
      }
    }
    return new Uint8Array(PNG.sync.write(image));
  };
  await choose(page, 'cat.zip', zipSync({ 'wide.png': stripes(8192), 'square.png': stripes(96) }));
  await page.getByTestId('keeping').waitFor();
  const pixels = await keptPixels(page, side);
  const size = 3 * side * side;
  expect(pixels.slice(0, size)).toEqual(pixels.slice(size, 2 * size));
  // Stripes of three pixels are still there; 96 pixels that were shrunk to 12 would be one grey.
  const reds = pixels.slice(0, size).filter((_, i) => i % 3 === 0);
  expect(Math.max(...reds) - Math.min(...reds)).toBeGreaterThan(150);
});

test('of an archive of a computer only the data are read; folders in a label are asked about', async ({
  world,
}) => {
  const page = await open(world);
  const files: Record<string, Uint8Array> = {};
  for (let i = 0; i < 4; i++) {
    files[`train/cats/${i}.png`] = png(8, [i, 0, 0]);
    files[`train/dogs/${i}.png`] = png(8, [0, i + 1, 0]);
    files[`val/dogs/${i}.png`] = png(8, [0, 0, i + 1]);
    files[`train/cats/.ipynb_checkpoints/${i}.png`] = png(8, [9, 9, i]);
    files[`train/@eaDir/cat/${i}.png`] = png(8, [9, i, 9]);
    files[`$RECYCLE.BIN/S-1-5/cat/${i}.png`] = png(8, [i, 9, 9]);
  }
  await choose(page, 'cat.zip', zipSync(files));
  const names = page.getByTestId('unknown-names');
  await expect(names.locator('select')).toHaveCount(2);
  await expect(names).toContainText('4 pictures, inside a folder named like “cat”');
  await expect(names.getByLabel('cats')).toHaveValue('cat');
  await expect(names.getByLabel('dogs')).toHaveValue('dog');
  await names.getByRole('button').click();
  await names.waitFor({ state: 'detached' });
  await page.locator('[data-testid=join]:enabled').waitFor();
  const report = page.getByTestId('data-report');
  await expect(report).toContainText(/8 examples to learn from, 4 more set aside/);
  await expect(report).toContainText(
    'Pictures in “val” are the ones set aside: nothing is learned from them.',
  );
  await expect(report).toContainText(
    '12 pictures are smaller than the 32 pixels that the model looks at (8 at the least) and were enlarged',
  );
  // After a reload the kept copy still has them aside.
  await page.getByTestId('keeping').waitFor();
  await page.reload();
  await page.locator('[data-testid=join]:enabled').waitFor();
  await expect(report).toContainText(/8 examples to learn from, 4 more set aside/);
  expect(world.pageErrors).toEqual([]);
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
