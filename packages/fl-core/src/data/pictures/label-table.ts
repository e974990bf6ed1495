import Papa from 'papaparse';
import { matchLabels } from '../labels.ts';
import type { DataProblem } from '../problems.ts';
import type { SourceFile } from '../source-file.ts';

/** Tables beside pictures that say what is on them. */
export interface LabelTables {
  /** The tables that were understood, by path: none of them is a picture. */
  readonly used: readonly string[];
  /** What a table says of a picture, by the picture's path. */
  readonly labels: ReadonlyMap<string, string>;
  readonly problems: readonly DataProblem[];
}

const tableFile = /\.(csv|tsv|jsonl)$/i;
/** Competitions ship an example of an answer, with one label for all. */
const noTruth = /sample[ _-]?submission/i;
const mostBytes = 32 * 2 ** 20;

/** Names of columns of labels, the surer first. */
const usualNames = [
  'label',
  'labels',
  'class',
  'class_name',
  'classname',
  'category',
  'target',
  'tag',
  'species',
];

/**
 * Reads `labels.csv` and its like (also TSV, and JSON lines as `metadata.jsonl` of Hugging Face): one column names
 * pictures, with or without folders and endings, another one their labels; or each label of the run has a column of 0
 * and 1. A table of which that cannot be said is no such table.
 *
 * @param pictures paths of all that may be pictures.
 * @param labels of the run.
 */
export async function readLabelTables(
  files: readonly SourceFile[],
  pictures: readonly string[],
  labels: readonly string[],
): Promise<LabelTables> {
  const find = pictureFinder(pictures);
  const used: string[] = [];
  const said = new Map<string, string>();
  const problems: DataProblem[] = [];
  for (const file of files) {
    if (!isTable(file)) continue;
    const table = await tableOf(file);
    const here = (cell: string) => find(cell, file.path);
    const columns = table === null ? null : findColumns(table, here, labels);
    if (table === null || columns === null) continue;
    used.push(file.path);
    for (const { line, cells } of table.slice(columns.header ? 1 : 0)) {
      const name = cells[columns.name] ?? '';
      const picture = here(name);
      const label = columns.label(cells);
      if (picture !== undefined && label !== '') said.set(picture, label);
      else if (picture === undefined && name !== '') {
        const reason = `names the picture "${name}", which is not among the files`;
        problems.push({ file: file.path, line, kind: 'malformed', reason });
      }
    }
  }
  return { used, labels: said, problems };
}

export const isTable = ({ path }: Pick<SourceFile, 'path'>): boolean =>
  tableFile.test(path) && !noTruth.test(path);

interface Row {
  readonly line: number;
  readonly cells: readonly string[];
}

/** The rows of a file, null where it has none. */
async function tableOf({ path, size, read }: SourceFile): Promise<readonly Row[] | null> {
  if (size > mostBytes) return null;
  try {
    const text = decode(await read());
    return /\.jsonl$/i.test(path) ? jsonRows(text) : tableRows(text);
  } catch {
    return null;
  }
}

/** Spreadsheets write UTF-8, UTF-16 with a mark, or what Windows had before. */
function decode(bytes: Uint8Array): string {
  const marked = { 65279: 'utf-16be', 65534: 'utf-16le' }[((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)];
  if (marked !== undefined) return new TextDecoder(marked).decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** Blank lines at the end would hide from the library what separates the others. */
function tableRows(text: string): Row[] {
  const { data } = Papa.parse<string[]>(text.trimEnd(), { delimitersToGuess: [',', '\t', ';', '|'] });
  return data
    .map((cells, i) => ({ line: i + 1, cells: cells.map((cell) => cell.trim()) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''));
}

/** Objects with the keys of the first as a header. */
function jsonRows(text: string): Row[] {
  const objects = text.split('\n').flatMap((content, i) => {
    if (content.trim() === '') return [];
    const value: unknown = JSON.parse(content);
    return typeof value === 'object' && value !== null ? [{ line: i + 1, value }] : [];
  });
  const header = Object.keys(objects[0]?.value ?? {});
  const rows = objects.map(({ line, value }) => {
    const entries = new Map(Object.entries(value));
    return { line, cells: header.map((key) => cellOf(entries.get(key))) };
  });
  return [{ line: 0, cells: header }, ...rows];
}

const cellOf = (value: unknown): string =>
  typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : '';

/** Finds the picture that a cell names, for a table that lies at `table`. */
type FindPicture = (cell: string, table: string) => string | undefined;

function pictureFinder(pictures: readonly string[]): FindPicture {
  const byName = new Map<string, string[]>();
  const add = (name: string, path: string) => {
    const known = byName.get(name);
    if (known === undefined) byName.set(name, [path]);
    else if (!known.includes(path)) known.push(path);
  };
  for (const path of pictures) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    add(name.normalize('NFC'), path);
    add(withoutEnding(name).normalize('NFC'), path);
  }
  return (cell, table) => {
    const steps = cell
      .normalize('NFC')
      .replaceAll('\\', '/')
      .split('/')
      .filter((step) => step !== '' && step !== '.');
    const found = byName.get(steps.at(-1) ?? '') ?? [];
    const wanted = `/${steps.join('/')}`;
    const whole = found.filter((path) => endsWith(`/${path.normalize('NFC')}`, wanted));
    const candidates = whole.length > 0 || steps.length > 1 ? whole : found;
    // Of pictures of one name, the one nearest to the table.
    const [best, second] = candidates
      .map((path) => ({ path, shared: sharedFolders(path, table) }))
      .sort((a, b) => b.shared - a.shared);
    return best !== undefined && best.shared !== second?.shared ? best.path : undefined;
  };
}

const endsWith = (path: string, wanted: string): boolean =>
  path.endsWith(wanted) || withoutEnding(path).endsWith(wanted);

const withoutEnding = (name: string): string => name.replace(/\.[A-Za-z0-9]{1,5}$/, '');

function sharedFolders(a: string, b: string): number {
  const [first, second] = [a.split('/').slice(0, -1), b.split('/').slice(0, -1)];
  const differ = first.findIndex((name, i) => name !== second[i]);
  return differ < 0 ? first.length : differ;
}

interface Columns {
  readonly header: boolean;
  /** Index of the column that names pictures. */
  readonly name: number;
  readonly label: (cells: readonly string[]) => string;
}

/** Rows looked at to find the columns. */
const inspected = 500;

function findColumns(
  table: readonly Row[],
  find: (cell: string) => string | undefined,
  labels: readonly string[],
): Columns | null {
  const rows = table.slice(0, inspected).map(({ cells }) => cells);
  const width = Math.max(0, ...rows.map((cells) => cells.length));
  // Different ones: labels that are numbers may be names of pictures, too.
  const names = (column: number) => {
    const found = rows.map((cells) => find(cells[column] ?? '')).filter((path) => path !== undefined);
    return new Set(found).size;
  };
  const counts = Array.from({ length: width }, (_, column) => names(column));
  const most = Math.max(0, ...counts);
  if (most === 0) return null;
  const name = counts.indexOf(most);
  const header = find(rows[0]?.[name] ?? '') === undefined;
  const titles = header ? (rows[0] ?? []) : [];
  const label = labelColumn(header ? rows.slice(1) : rows, titles, name, labels);
  return label === null ? null : { header, name, label };
}

function labelColumn(
  rows: readonly (readonly string[])[],
  titles: readonly string[],
  name: number,
  labels: readonly string[],
): Columns['label'] | null {
  const match = matchLabels(labels);
  const flags = titles.flatMap((title, column) =>
    column !== name && match(title) !== undefined ? [column] : [],
  );
  if (flags.length > 1) {
    return (cells) => {
      const set = flags.filter((column) => Number(cells[column]) === 1);
      return set.length === 1 ? titles[set[0]!]! : '';
    };
  }
  const width = Math.max(0, ...rows.map((cells) => cells.length));
  const columns = Array.from({ length: width }, (_, column) => column).filter((column) => column !== name);
  const matched = (column: number) => rows.filter((cells) => match(cells[column] ?? '') !== undefined).length;
  const usual = (column: number) => {
    const at = usualNames.indexOf((titles[column] ?? '').toLowerCase());
    return at < 0 ? usualNames.length : at;
  };
  // First by what stands in it, then by its name.
  const [best] = columns.sort((a, b) => matched(b) - matched(a) || usual(a) - usual(b));
  if (best === undefined) return null;
  const sure = matched(best) > 0 || usual(best) < usualNames.length || columns.length === 1;
  return sure ? (cells) => cells[best] ?? '' : null;
}
