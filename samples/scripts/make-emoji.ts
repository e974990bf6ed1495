/**
 * Makes samples/emoji: every emoji of ten kinds in three drawing styles, 64x64 on white.
 * Run: `npm run make:emoji -w samples`. Needs the npm registry (150 MB once, into samples/.cache).
 */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { random } from '@strata/fl-core/random';
import sharp from 'sharp';
import { z } from 'zod';
import { emojiClasses } from './emoji-classes.ts';
import { type PackageSource, samplesFolder, unpack } from './packages.ts';
import { composeSheet, formatLabels, type SheetSize, writeSheet } from './sheet.ts';

interface Style {
  readonly domain: string;
  readonly source: PackageSource;
  /** Path of an emoji's picture inside the package. */
  readonly picture: (code: string) => string;
}

const styles: readonly Style[] = [
  {
    domain: 'noto',
    source: {
      spec: 'emoji-datasource-google@16.0.0',
      sha256: 'fb5fd131b362aab7a55542d2a147a79708cce0a8b1c1bbacd470172708b5c438',
    },
    picture: (code) => `img/google/64/${code}.png`,
  },
  {
    domain: 'twemoji',
    source: {
      spec: 'emoji-datasource-twitter@16.0.0',
      sha256: 'f64a530c63bca463bd8317fdc4615ce63a53a0c65018e4ce2d848aaba7a28877',
    },
    picture: (code) => `img/twitter/64/${code}.png`,
  },
  {
    domain: 'fluent3d',
    source: {
      spec: '@lobehub/fluent-emoji-3d@1.1.0',
      sha256: 'c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58',
    },
    picture: (code) => `assets/${code}.webp`,
  },
];

const size: SheetSize = { tile: 64, columns: 30, channels: 3 };
const testShare = 0.2;
/** Levels a colour channel is rounded to: 2 MB less in all, no value off by more than 2 of 255. */
const levels = 64;

const EmojiData = z.array(
  z.object({ unified: z.string(), short_name: z.string(), subcategory: z.string().nullable() }),
);

interface Item {
  readonly code: string;
  readonly name: string;
  readonly label: number;
}

/** The emoji of the ten classes that all styles have, in the order of the data file. */
async function chooseItems(folders: readonly string[]): Promise<Item[]> {
  const data = EmojiData.parse(JSON.parse(await readFile(join(folders[0]!, 'emoji.json'), 'utf8')));
  const labelOf = new Map(
    Object.values(emojiClasses).flatMap((subcategories, label) =>
      subcategories.map((s) => [s, label] as const),
    ),
  );
  return data.flatMap((emoji) => {
    const code = emoji.unified.toLowerCase();
    const label = labelOf.get(emoji.subcategory ?? '');
    const drawn = styles.every((style, i) => existsSync(join(folders[i]!, style.picture(code))));
    return label !== undefined && drawn ? [{ code, name: emoji.short_name, label }] : [];
  });
}

/** Codes of the test emoji: a fifth of each class, the same emoji in every style. */
function chooseTest(items: readonly Item[]): Set<string> {
  return new Set(
    Object.keys(emojiClasses).flatMap((name, label) => {
      const codes = items.filter((item) => item.label === label).map((item) => item.code);
      return random('samples/emoji', name)
        .shuffle(codes)
        .slice(0, Math.round(testShare * codes.length));
    }),
  );
}

async function drawTile(file: string): Promise<Uint8Array> {
  const pixels = await sharp(file)
    .resize(size.tile, size.tile, { fit: 'contain', background: { r: 255, g: 255, b: 255, alpha: 0 } })
    .flatten({ background: '#ffffff' })
    .removeAlpha()
    .raw()
    .toBuffer();
  const step = 255 / (levels - 1);
  return Uint8Array.from(pixels, (v) => Math.round(Math.round(v / step) * step));
}

const folders = await Promise.all(styles.map((style) => unpack(style.source)));
const items = await chooseItems(folders);
const test = chooseTest(items);
const target = join(samplesFolder, 'emoji');
for (const [i, style] of styles.entries()) {
  const tiles = await Promise.all(items.map((item) => drawTile(join(folders[i]!, style.picture(item.code)))));
  const bytes = await writeSheet(join(target, `${style.domain}.png`), composeSheet(tiles, size), size);
  console.log(`${style.domain}.png: ${items.length} emoji, ${bytes} bytes`);
}
const head = {
  tile: size.tile,
  columns: size.columns,
  classes: Object.keys(emojiClasses),
  sheets: styles.map(({ domain }) => ({ domain, file: `${domain}.png` })),
};
const entries = items.map((item) => ({ ...item, split: test.has(item.code) ? 'test' : 'train' }));
await writeFile(join(target, 'labels.json'), formatLabels(head, entries));
console.log(`labels.json: ${items.length - test.size} train, ${test.size} test`);
