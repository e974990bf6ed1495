import type { TaskName } from '../../tasks/index.ts';
import { type LabelMapping, readLabels } from '../labels.ts';
import { type LeftOut, ProblemList, type Reason } from '../problems.ts';
import { columnsOf } from './columns/table-columns.ts';
import { TableView } from './columns/table-view.ts';
import { collectSamples, formOf, type RawOfTask } from './forms/index.ts';
import { isJsonLines, readJsonRows } from './json-rows.ts';
import type { PlacedSample } from './placed-samples.ts';
import { readRow } from './read-row.ts';
import { readTableRows } from './table-rows.ts';
import { decodeTextFile } from './text-file.ts';

export interface TextTableOptions<T extends TaskName> {
  readonly task: T;
  /**
   * Path or name, for messages; `.jsonl` and `.ndjson` mean a JSON object a line, `.tsv` and `.tab`
   * tab-separated; otherwise it is found by itself.
   */
  readonly file: string;
  readonly bytes: Uint8Array;
  /** The run's labels; none where the task has none. */
  readonly labels: readonly string[];
  /** What labels in the file that are none of the run's mean. */
  readonly mapping?: LabelMapping;
  readonly limits?: Partial<TextTableLimits>;
}

export interface TextTableLimits {
  readonly bytes: number;
  readonly rows: number;
  /** Characters of one text; where a text may be a whole file, it may fill it. */
  readonly characters: number;
}

export const textTableLimits: TextTableLimits = { bytes: 64 * 2 ** 20, rows: 200_000, characters: 20_000 };

/** What a table has for a task. */
export interface TextTable<T extends TaskName> extends LeftOut {
  readonly samples: RawOfTask<T>;
  /** Line of the file that each begins on, from 1, (N). */
  readonly lines: Int32Array;
  /** Which columns were taken, for the page to say; null when the file could not be used at all. */
  readonly columns: readonly string[] | null;
}

/**
 * Reads a table of the samples of a task: CSV, TSV, or separated by semicolons or bars; UTF-8 with or without a
 * byte order mark, or UTF-16 with one; any line ends; quotes doubled inside quotes. Or JSON lines: an object a
 * line, whose fields are named as columns are. Columns: a text and a label; a text and its labels in one cell or
 * in a column each; two texts and a label; a text (see `forms/`).
 *
 * Nothing is thrown for a bad file: a file that cannot be used and each row that is left out are in `problems`
 * with the reason and the line; labels that nobody knows are counted in `unknown`. Blank lines are no problem
 * and are passed over.
 */
export function readTextTable<T extends TaskName>(options: TextTableOptions<T>): TextTable<T> {
  const { samples, columns, problems, problemCount, unknown } = readPlacedSamples(options);
  return {
    samples: collectSamples(options.task, samples, options.labels),
    lines: Int32Array.from(samples, ({ line = 1 }) => line),
    columns,
    problems,
    problemCount,
    unknown,
  };
}

interface PlacedSamples extends LeftOut {
  readonly samples: readonly PlacedSample[];
  readonly columns: readonly string[] | null;
}

/** The rows of {@link readTextTable} one by one. */
export function readPlacedSamples(options: TextTableOptions<TaskName>): PlacedSamples {
  const { task, file, bytes, labels, mapping } = options;
  const limit = { ...textTableLimits, ...options.limits };
  const problems = new ProblemList();
  const nothing = (reason: Reason): PlacedSamples => {
    problems.add({ file, ...reason });
    return { samples: [], columns: null, ...problems };
  };
  const content = decodeTextFile(bytes, limit.bytes);
  if ('reason' in content) return nothing(content);
  const form = formOf(task);
  const meaning = readLabels(labels, mapping);
  const finder = form.columns({ labels, meaning });
  // A header and one row too many can be told apart from a full table.
  const most = limit.rows + 2;
  const json = isJsonLines(file, content.text) ? readJsonRows(content.text, most) : null;
  const rows = json ?? readTableRows(content.text, file, finder, most);
  const cells = rows.map((row) => row.cells);
  const columns = finder.choose(new TableView(cells, json !== null));
  if ('reason' in columns) return nothing(columns);
  const body = columns.header ? rows.slice(1) : rows;
  if (body.length === 0)
    return nothing({ kind: 'empty', reason: 'has no rows below the names of the columns' });
  if (body.length > limit.rows) {
    problems.add({ file, kind: 'too-many', reason: `only the first ${limit.rows} rows are used` });
  }
  const characters = form.wholeFiles ? Number.POSITIVE_INFINITY : limit.characters;
  const samples: PlacedSample[] = [];
  for (const row of body.slice(0, limit.rows)) {
    const { line } = row;
    const result = readRow(row, columns, meaning, characters);
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
  return { samples, columns: columnsOf(columns).map(({ title }) => title), ...problems };
}
