import type { TaskName } from '../../tasks/index.ts';
import { type LabelMapping, readLabels } from '../labels.ts';
import { type LeftOut, ProblemList } from '../problems.ts';
import type { ColumnChoices, ShownTable } from './columns/shown.ts';
import { findColumns } from './find-columns.ts';
import { collectSamples, formOf, type RawOfTask } from './forms/index.ts';
import type { PlacedSample } from './placed-samples.ts';
import { readRow } from './read-row.ts';
import type { Row } from './rows/row.ts';
import { type TextTableLimits, textTableLimits } from './text-table-limits.ts';

export interface TextTableOptions<T extends TaskName> {
  readonly task: T;
  /**
   * Path or name, for messages; `.json`, `.jsonl` and `.ndjson` mean JSON, `.tsv` and `.tab` tab-separated; otherwise
   * it is found by itself.
   */
  readonly file: string;
  readonly bytes: Uint8Array;
  /** The run's labels; none where the task has none. */
  readonly labels: readonly string[];
  /** What labels in the file that are none of the run's mean. */
  readonly mapping?: LabelMapping;
  /** Which columns are used, where a person has said it. */
  readonly columns?: ColumnChoices;
  readonly limits?: Partial<TextTableLimits>;
}

/** What a table has for a task. */
export interface TextTable<T extends TaskName> extends LeftOut {
  readonly samples: RawOfTask<T>;
  /** Line of the file that each begins on, from 1, (N). */
  readonly lines: Int32Array;
  /** Its columns and what they are used for; null when the file has none that could be. */
  readonly shown: ShownTable | null;
}

/**
 * Reads a table of the samples of a task: CSV, TSV, or separated by semicolons or bars; UTF-8 with or without a
 * byte order mark, or UTF-16 with one; any line ends; quotes doubled inside quotes. Or JSON: an object a line, or a
 * list of them, whose fields are named as columns are (`rows/json.ts`). Columns: a text and a label; a text and its
 * labels in one cell or in a column each; two texts and a label; a text (`columns/choose.ts` decides which).
 *
 * Nothing is thrown for a bad file: a file that cannot be used and each row that is left out are in `problems`
 * with the reason and the line; labels that nobody knows are counted in `unknown`. Blank lines are no problem
 * and are passed over.
 */
export function readTextTable<T extends TaskName>(options: TextTableOptions<T>): TextTable<T> {
  const { samples, shown, problems, problemCount, unknown } = readPlacedSamples(options);
  return {
    samples: collectSamples(options.task, samples, options.labels),
    lines: Int32Array.from(samples, ({ line = 1 }) => line),
    shown,
    problems,
    problemCount,
    unknown,
  };
}

interface PlacedSamples extends LeftOut {
  readonly samples: readonly PlacedSample[];
  readonly shown: ShownTable | null;
}

/** The rows of {@link readTextTable} one by one. */
export function readPlacedSamples(options: TextTableOptions<TaskName>): PlacedSamples {
  const { task, file, labels, mapping } = options;
  const limit = { ...textTableLimits, ...options.limits };
  const problems = new ProblemList();
  const meaning = readLabels(labels, mapping);
  const { needs, wholeFiles } = formOf(task);
  const found = findColumns({ ...options, run: { labels, meaning }, needs });
  if ('reason' in found) {
    problems.add({ file, ...found });
    return { samples: [], shown: null, ...problems };
  }
  const { rows, separator, columns, shown } = found;
  if ('reason' in columns) {
    problems.add({ file, kind: columns.kind, reason: columns.reason });
    return { samples: [], shown, ...problems };
  }
  // Tables that were put one below the other keep their first rows.
  const body = columns.header ? rows.slice(1).filter((row) => !isSame(row, rows[0])) : rows;
  if (body.length === 0)
    problems.add({ file, kind: 'empty', reason: 'has no rows below the names of the columns' });
  if (body.length > limit.rows) {
    problems.add({ file, kind: 'too-many', reason: `only the first ${limit.rows} rows are used` });
  }
  const characters = wholeFiles ? Number.POSITIVE_INFINITY : limit.characters;
  const samples: PlacedSample[] = [];
  for (const row of body.slice(0, limit.rows)) {
    const { line } = row;
    const result = readRow(row, { columns, meaning, separator, characters });
    switch (result.kind) {
      case 'sample':
        samples.push({ ...result.sample, file, line });
        break;
      case 'left-out':
        break;
      case 'unknown':
        for (const name of result.names) problems.addUnknown(name, { file, line });
        break;
      case 'problem':
        problems.add({ file, line, ...result.reason });
        break;
      default:
        result satisfies never;
    }
  }
  return { samples, shown, ...problems };
}

const isSame = (row: Row, first: Row | undefined): boolean =>
  row.cells.length === first?.cells.length &&
  row.cells.every((cell, i) => typeof cell === 'string' && cell === first.cells[i]);
