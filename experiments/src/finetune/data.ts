import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ImageRegion, type RawImages, type RawTexts, readTextTable } from '@strata/fl-core/data';
import Papa from 'papaparse';
import { PNG } from 'pngjs';
import { z } from 'zod';
import { UsageError } from '../experiment.ts';

/** Data with the split its makers gave it. */
export type SplitData = Split<RawTexts> | Split<RawImages>;

interface Split<S> {
  readonly labels: readonly string[];
  readonly train: S;
  readonly test: S;
}

/** Reads a folder as {@link FinetuneOptions} describes it. Throws {@link UsageError} that says what is missing. */
export async function readSplitData(folder: string): Promise<SplitData> {
  if (await exists(join(folder, 'train.csv'))) return readTables(folder);
  if (await exists(join(folder, 'labels.json'))) return readSheets(folder);
  throw new UsageError(`--data: ${folder} has neither train.csv and test.csv nor labels.json.`);
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function readTables(folder: string): Promise<Split<RawTexts>> {
  const labels = labelsOf(await readFile(join(folder, 'train.csv'), 'utf8'));
  const read = async (file: string): Promise<RawTexts> => {
    const bytes = await readFile(join(folder, file));
    const table = readTextTable({ task: 'classification', file, bytes, labels });
    const [problem] = table.problems;
    if (problem) throw new UsageError(`${file}, line ${problem.line ?? 1}: ${problem.reason}`);
    return table.samples;
  };
  return { labels, train: await read('train.csv'), test: await read('test.csv') };
}

/** What stands in the last column, header left out. */
function labelsOf(csv: string): string[] {
  const rows = Papa.parse<string[]>(csv, { skipEmptyLines: 'greedy' }).data.slice(1);
  return [...new Set(rows.map((row) => row.at(-1)?.trim() ?? ''))].sort();
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
  const part = (split: 'train' | 'test'): RawImages => {
    const indices = [...items.keys()].filter((i) => items[i]?.split === split);
    return {
      kind: 'image',
      classes,
      images: sheets.flatMap((sheet) => indices.map((i) => tileOf(sheet, i))),
      labels: Int32Array.from(sheets.flatMap(() => indices.map((i) => items[i]?.label ?? 0))),
    };
  };
  return { labels: classes, train: part('train'), test: part('test') };
}
