import type { TaskName } from '../../tasks/index.ts';
import type { LabelMapping } from '../labels.ts';
import type { ColumnChoices, ShownTable } from './columns/shown.ts';
import { readTextTable } from './text-table.ts';
import type { TextTableLimits } from './text-table-limits.ts';

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** As spreadsheet programs write it: little-endian with a byte order mark, or big-endian. */
export function utf16(text: string, littleEndian = true): Uint8Array {
  const out = new DataView(new ArrayBuffer(2 + text.length * 2));
  [0xfeff, ...Array.from({ length: text.length }, (_, i) => text.charCodeAt(i))].forEach((code, i) => {
    out.setUint16(2 * i, code, littleEndian);
  });
  return new Uint8Array(out.buffer);
}

export interface ReadOptions {
  readonly file?: string;
  readonly labels?: readonly string[];
  readonly mapping?: LabelMapping;
  readonly columns?: ColumnChoices;
  readonly limits?: Partial<TextTableLimits>;
}

/** A table as tests compare it: problems as `line: kind`, unknown labels as `name: count`. */
export function read<T extends TaskName>(task: T, content: string | Uint8Array, options: ReadOptions = {}) {
  const bytes = typeof content === 'string' ? utf8(content) : content;
  const table = readTextTable({ task, file: 'notes.csv', bytes, labels: ['animal', 'plant'], ...options });
  return {
    samples: table.samples,
    shown: table.shown,
    columns: takenTitles(table.shown),
    unknown: table.unknown.map(({ name, count }) => `${name}: ${count}`),
    problems: table.problems.map(({ kind, line }) => (line === undefined ? kind : `${line}: ${kind}`)),
    reasons: table.problems.map(({ reason }) => reason),
  };
}

/** Files that no task can use, with the kind of the problem and what the reason says. */
export const broken: readonly (readonly [string, string | Uint8Array, string, RegExp])[] = [
  ['an empty file', '', 'empty', /is empty/],
  ['blank lines only', '\n \n\t\n', 'empty', /blank/],
  ['a byte order mark only', '\ufeff', 'empty', /blank/],
  [
    'a picture',
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13),
    'unsupported',
    /not a text/,
  ],
  ['a spreadsheet', Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0), 'unsupported', /export it as CSV/],
  ['Latin-1 text', Uint8Array.of(0x63, 0x61, 0x66, 0xe9, 0x2c, 0x61), 'broken', /not UTF-8/],
  ['UTF-16 that ends within a letter', utf16('text,label').subarray(0, 9), 'broken', /not UTF-8/],
];

/** What the columns that were taken are called, texts first; null where none were. */
export function takenTitles(shown: ShownTable | null): readonly string[] | null {
  if (shown === null || shown.unclear !== null) return null;
  return (['text', 'second', 'label'] as const).flatMap((role) =>
    shown.titles.filter((_, index) => shown.roles[index] === role),
  );
}
