import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageRegion, RawImages, RawTexts, WantedColumns } from '@strata/fl-core/data';
import { PNG } from 'pngjs';
import { z } from 'zod';
import { UsageError } from '../experiment.ts';
import { readLabelledTable } from '../labelled-table.ts';
import { readIdx } from './idx.ts';
import type { Split, SplitData } from './split-data.ts';

/**
 * Reads a folder of tables (`train.csv`, `test.csv`), of sheets of pictures (`labels.json`) or of IDX files. Throws {@link UsageError} that says what is missing.
 * @param log gets which columns of tables were taken, and what was left out.
 */
export async function readSplitData(
  folder: string,
  columns: WantedColumns = {},
  log: (line: string) => void = () => {},
): Promise<SplitData> {
  if (await exists(join(folder, 'train.csv'))) return readTables(folder, columns, log);
  if (await exists(join(folder, 'labels.json'))) return readSheets(folder);
  if (await exists(join(folder, 'train-images-idx3-ubyte.gz'))) return readIdx(folder);
  throw new UsageError(
    `--data: ${folder} has neither train.csv and test.csv, nor labels.json, nor train-images-idx3-ubyte.gz.`,
  );
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function readTables(
  folder: string,
  columns: WantedColumns,
  log: (line: string) => void,
): Promise<Split<RawTexts>> {
  const read = async (file: string, labels?: readonly string[]) => {
    const table = await readLabelledTable(join(folder, file), columns, labels);
    for (const line of table.said) log(`${file}: ${line}`);
    return table;
  };
  const train = await read('train.csv');
  const test = await read('test.csv', train.labels);
  return { labels: train.labels, train: train.samples, test: test.samples };
}

/** Square tiles row by row, the same items in every sheet; a sheet is a drawing style. */
const Sheets = z.object({
  tile: z.number().int().min(1),
  columns: z.number().int().min(1),
  /** Names of the sheets, or the sheets by file. */
  domains: z.array(z.string()).min(1).optional(),
  sheets: z
    .array(z.object({ file: z.string() }))
    .min(1)
    .optional(),
  classes: z.array(z.string()).min(2),
  items: z.array(z.object({ label: z.number().int().min(0), split: z.enum(['train', 'test']) })).min(1),
});

async function readSheets(folder: string): Promise<Split<RawImages>> {
  const { tile, columns, domains, classes, items, ...by } = Sheets.parse(
    JSON.parse(await readFile(join(folder, 'labels.json'), 'utf8')),
  );
  const files = by.sheets?.map((sheet) => sheet.file) ?? domains?.map((domain) => `${domain}.png`) ?? [];
  if (files.length === 0) throw new UsageError(`--data: labels.json of ${folder} names no sheets.`);
  const sheets = await Promise.all(
    files.map(async (file) => PNG.sync.read(await readFile(join(folder, file)))),
  );
  const tileOf = ({ width, height, data }: PNG, i: number): ImageRegion => ({
    image: { width, height, rgba: data },
    left: (i % columns) * tile,
    top: Math.floor(i / columns) * tile,
    width: tile,
    height: tile,
  });
  const indicesOf = (split: 'train' | 'test') => [...items.keys()].filter((i) => items[i]?.split === split);
  const part = (split: 'train' | 'test'): RawImages => {
    const indices = indicesOf(split);
    return {
      kind: 'image',
      classes,
      images: sheets.flatMap((sheet) => indices.map((i) => tileOf(sheet, i))),
      labels: Int32Array.from(sheets.flatMap(() => indices.map((i) => items[i]?.label ?? 0))),
      domains: Int32Array.from(sheets.flatMap((_, d) => indices.map(() => d))),
    };
  };
  const shown = (split: 'train' | 'test') => sheets.flatMap(() => indicesOf(split));
  return {
    labels: classes,
    train: part('train'),
    test: part('test'),
    items: { train: shown('train'), test: shown('test') },
  };
}
