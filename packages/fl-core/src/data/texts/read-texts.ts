import type { TaskName } from '../../tasks/index.ts';
import { withoutClutter } from '../clutter.ts';
import { Duplicates } from '../duplicates.ts';
import type { LabelMapping } from '../labels.ts';
import { type LeftOut, ProblemList, type Reason } from '../problems.ts';
import { mebibytes, type SourceFile } from '../source-file.ts';
import type { ColumnChoices, ShownTable } from './columns/shown.ts';
import { collectSamples, formOf, type RawOfTask } from './forms/index.ts';
import { type PlacedSample, placeOf } from './placed-samples.ts';
import { decodeTextFile } from './text-file.ts';
import { readPlacedSamples } from './text-table.ts';
import { type TextTableLimits, textTableLimits } from './text-table-limits.ts';

export interface ReadTextsOptions<T extends TaskName> {
  readonly task: T;
  /** The run's labels; none where the task has none. */
  readonly labels: readonly string[];
  /** What labels in the files that are none of the run's mean. */
  readonly mapping?: LabelMapping;
  /** Which columns of tables are used, where a person has said it. */
  readonly columns?: ColumnChoices;
  readonly limits?: Partial<ReadTextsLimits>;
  /** Called after every file. */
  readonly onProgress?: (done: number, files: number) => void;
}

export interface ReadTextsLimits extends TextTableLimits {
  readonly files: number;
  /** Of all files that are read, in bytes. */
  readonly totalBytes: number;
}

export const readTextsLimits: ReadTextsLimits = {
  ...textTableLimits,
  files: 20_000,
  totalBytes: 512 * 2 ** 20,
};

export interface ReadTexts<T extends TaskName> extends LeftOut {
  readonly samples: RawOfTask<T>;
  /** The columns of every table, one for all tables with the same, at most {@link keptLayouts}. */
  readonly tables: readonly ShownTable[];
}

/** Nobody looks at more of them. */
export const keptLayouts = 50;

/**
 * Reads the samples of a task from tables (see {@link readTextTable}) one after the other. Where a text may
 * be a whole file, one that is no table by its name (`.csv`, `.tsv`, `.tab`, `.json`, `.jsonl`, `.ndjson`) is one text.
 *
 * A sample that came before is left out: the same text, or both the same texts of a pair. Nothing is thrown for a
 * bad file; what `onProgress` throws ends the reading.
 */
export async function readTexts<T extends TaskName>(
  files: readonly SourceFile[],
  options: ReadTextsOptions<T>,
): Promise<ReadTexts<T>> {
  const { task, labels, onProgress } = options;
  const limit = { ...readTextsLimits, ...options.limits };
  const problems = new ProblemList();
  const form = formOf(task);
  const duplicates = new Duplicates(form.thing);
  const samples: PlacedSample[] = [];
  const tables: ShownTable[] = [];
  const add = (sample: PlacedSample): void => {
    const { file, line, texts } = sample;
    const key = texts.length === 1 ? texts[0]! : JSON.stringify(texts);
    const copy = duplicates.check(key, placeOf(sample), form.said(sample, labels));
    if (copy === null) samples.push(sample);
    else problems.add({ file, ...(line === undefined ? {} : { line }), ...copy });
  };
  const read = async (file: SourceFile): Promise<void> => {
    const bytes = await readBytes(file);
    if ('reason' in bytes) return problems.add({ file: file.path, ...bytes });
    if (form.wholeFiles && !isTable(file)) {
      const content = decodeTextFile(bytes, limit.bytes);
      if ('reason' in content) return problems.add({ file: file.path, ...content });
      return add({ texts: [content.text], labels: [], file: file.path });
    }
    const { mapping, columns } = options;
    const table = readPlacedSamples({
      task,
      file: file.path,
      bytes,
      labels,
      ...(mapping ? { mapping } : {}),
      ...(columns ? { columns } : {}),
      limits: limit,
    });
    if (table.shown !== null) addTable(tables, table.shown);
    problems.merge(table, file.path);
    table.samples.forEach(add);
  };
  const wanted = withoutClutter(files);
  let total = 0;
  for (const [i, file] of wanted.entries()) {
    const refusal = refuse(file, i, total, limit);
    if (refusal === null) {
      total += file.size;
      await read(file);
    } else problems.add({ file: file.path, ...refusal });
    onProgress?.(i + 1, wanted.length);
  }
  return { samples: collectSamples(task, samples, labels), tables, ...problems };
}

const isTable = ({ path }: SourceFile): boolean => /\.(csv|tsv|tab|json|jsonl|ndjson)$/i.test(path);

/** Tables with the same columns, used in the same way, are shown as one. */
function addTable(tables: ShownTable[], table: ShownTable): void {
  const use = ({ layout, roles, unclear }: ShownTable) => JSON.stringify([layout, roles, unclear]);
  const same = tables.findIndex((other) => use(other) === use(table));
  if (same !== -1) tables[same] = { ...tables[same]!, files: tables[same]!.files + 1 };
  else if (tables.length < keptLayouts) tables.push(table);
}

/** Why a file is not even read, or null. @param total bytes of the `index` files before it. */
function refuse({ size }: SourceFile, index: number, total: number, limit: ReadTextsLimits): Reason | null {
  const { files, bytes, totalBytes } = limit;
  const tooLarge = (what: string, most: number): Reason => ({
    kind: 'too-large',
    reason: `${what} larger than ${mebibytes(most)}`,
  });
  if (index >= files) return { kind: 'too-many', reason: `more than ${files} files were given` };
  if (size > bytes) return tooLarge('is', bytes);
  return total + size > totalBytes ? tooLarge('all files together are', totalBytes) : null;
}

async function readBytes({ read }: SourceFile): Promise<Uint8Array | Reason> {
  try {
    return await read();
  } catch (error) {
    return { kind: 'broken', reason: `cannot be read: ${String(error)}` };
  }
}
