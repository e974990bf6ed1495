import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../experiment.ts';
import { simulationOf } from './config.ts';
import { readPooled } from './data.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strata-simulate-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const planOf = (data: object) => {
  const [cell] = simulationOf(
    {
      name: 'data',
      base: { data, clients: 2, partition: { kind: 'iid' }, run: { model: 'vit-nano' } },
    },
    'here',
  ).cells;
  return cell!.plan;
};

/** Twelve items in two styles; what shows item k is of the brightness 10 k, in style 1 one more. */
async function writeSheets(): Promise<void> {
  for (const [style, name] of ['plain', 'bright'].entries()) {
    const png = new PNG({ width: 8 * 4, height: 8 * 3 });
    for (let y = 0; y < png.height; y++) {
      for (let x = 0; x < png.width; x++) {
        const item = Math.floor(y / 8) * 4 + Math.floor(x / 8);
        png.data.fill(10 * item + style, 4 * (y * png.width + x), 4 * (y * png.width + x) + 3);
        png.data[4 * (y * png.width + x) + 3] = 255;
      }
    }
    await writeFile(join(folder, `${name}.png`), PNG.sync.write(png));
  }
  const items = Array.from({ length: 12 }, (_, k) => ({ label: k % 3, split: k < 10 ? 'train' : 'test' }));
  const labels = { tile: 8, columns: 4, domains: ['plain', 'bright'], classes: ['a', 'b', 'c'], items };
  await writeFile(join(folder, 'labels.json'), JSON.stringify(labels));
}

const brightness = ({
  images,
}: {
  images: readonly {
    left: number;
    top: number;
    image: { width: number; rgba: Uint8Array | Uint8ClampedArray };
  }[];
}) => images.map(({ left, top, image }) => image.rgba[4 * (top * image.width + left)]!);

describe('the data of a simulation', () => {
  it('holds back whole items, in all their styles, and more than the makers did where more is wanted', async () => {
    await writeSheets();
    const { pool, test, validation } = await readPooled(planOf({ folder, test: 8, validation: 3 }), () => {});
    const itemsOf = (raw: typeof pool) => {
      if (raw.kind !== 'image') throw new TypeError('no pictures');
      return [...new Set(brightness(raw).map((value) => Math.floor(value / 10)))].sort((a, b) => a - b);
    };
    const sides = [pool, test, validation].map(itemsOf);
    expect(sides.flat().sort((a, b) => a - b)).toEqual([...Array(12).keys()]);
    // The makers' own stay on the test side.
    expect(sides[1]).toEqual(expect.arrayContaining([10, 11]));
    // Two styles of each item: four items are eight samples, two are at least three.
    expect(sides.map((items) => items.length)).toEqual([6, 4, 2]);
    expect([test, validation].map((raw) => raw.labels.length)).toEqual([8, 4]);
    expect([...pool.domains!].filter((d) => d === 1)).toHaveLength(6);
  });

  it('is the same for every seed, and says when there is not enough', async () => {
    const once = await readPooled(planOf({ folder, test: 8, validation: 2, train: 5 }), () => {});
    const again = await readPooled(planOf({ folder, test: 8, validation: 2, train: 5 }), () => {});
    expect(once.pool.labels).toEqual(again.pool.labels);
    expect(once.pool.labels).toHaveLength(5);
    await expect(readPooled(planOf({ folder, test: 20, validation: 20 }), () => {})).rejects.toThrow(
      UsageError,
    );
  });

  it('may be IDX files', async () => {
    const idx = join(folder, 'idx');
    await mkdir(idx);
    const header = (...words: number[]) => {
      const bytes = Buffer.alloc(4 * words.length);
      for (const [i, word] of words.entries()) bytes.writeUInt32BE(word, 4 * i);
      return bytes;
    };
    for (const [name, count] of [
      ['train', 6],
      ['t10k', 3],
    ] as const) {
      const pixels = Buffer.from(Array.from({ length: count * 4 }, (_, i) => Math.floor(i / 4) * 20));
      const labels = Buffer.from(Array.from({ length: count }, (_, i) => i % 10));
      await writeFile(
        join(idx, `${name}-images-idx3-ubyte.gz`),
        gzipSync(Buffer.concat([header(0x0803, count, 2, 2), pixels])),
      );
      await writeFile(
        join(idx, `${name}-labels-idx1-ubyte.gz`),
        gzipSync(Buffer.concat([header(0x0801, count), labels])),
      );
    }
    const { pool, test } = await readPooled(planOf({ folder: idx, test: 3, validation: 0 }), () => {});
    expect([...pool.labels]).toEqual([0, 1, 2, 3, 4, 5]);
    expect(pool.kind === 'image' && brightness(pool)).toEqual([0, 20, 40, 60, 80, 100]);
    expect(test.labels).toHaveLength(3);
    await writeFile(join(idx, 'train-labels-idx1-ubyte.gz'), gzipSync(header(7, 6)));
    await expect(readPooled(planOf({ folder: idx, test: 0, validation: 0 }), () => {})).rejects.toThrow(
      'IDX',
    );
  });
});
