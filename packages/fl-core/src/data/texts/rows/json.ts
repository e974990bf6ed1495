import type { Reason } from '../../problems.ts';
import type { Cell } from '../cell.ts';
import { parseJson, placedValues } from './json-values.ts';
import type { RawTable, Row } from './row.ts';

/** Whether a text is JSON, by the name of its file or by how it begins. */
export const isJson = (file: string, text: string): boolean =>
  /\.(json|jsonl|ndjson)$/i.test(file) || /^\s*(\{\s*"|\[\s*[[{])/.test(text);

/** Objects looked at to find the names of the fields. */
const inspected = 200;
/** Objects in objects, of which fields are made: `user.name`. */
const deepest = 3;

interface Item {
  readonly line: number;
  /** Undefined: it is no JSON. */
  readonly value: unknown;
}

/**
 * JSON as the rows of a table, at most `most`: an object a line, objects one after the other however they are broken
 * into lines, a list of objects or of lists, a list of objects by a name (`{"data": [...]}`), and columns by name as
 * pandas writes them. First comes a row with the names of the fields. Numbers and truth values become text, as class
 * numbers often stand for labels; a field that an object lacks, or that is null or a list of lists, is a null cell.
 */
export function readJson(text: string, most: number): RawTable | Reason {
  const items = itemsOf(text, most);
  if ('reason' in items) return items;
  const lists = items.filter(({ value }) => Array.isArray(value)).length;
  return lists > items.length / 2 ? ofLists(items) : ofObjects(items);
}

const separator = '\0'; // no cell has it

function ofLists(items: readonly Item[]): RawTable {
  const rows = items.map(({ line, value }): Row => {
    if (!Array.isArray(value)) return { line, cells: [], error: 'is not a JSON list, as the others are' };
    return { line, cells: value.map(cellOf) };
  });
  return { rows, fields: false, separator };
}

function ofObjects(items: readonly Item[]): RawTable | Reason {
  const records = items.map(({ line, value }) => ({ line, record: isObject(value) ? flat(value) : null }));
  if (records.every(({ record }) => record === null)) {
    const reason = `is no JSON in line ${items[0]?.line ?? 1}: names and texts need double quotation marks, as {"text": "a text", "label": "a label"} has them`;
    return { kind: 'malformed', reason };
  }
  const names = [
    ...new Set(records.slice(0, inspected).flatMap(({ record }) => [...(record?.keys() ?? [])])),
  ];
  const rows = records.map(({ line, record }): Row => {
    if (record === null)
      return { line, cells: [], error: 'is not a JSON object, as {"text": "a text", "label": "a label"} is' };
    return { line, cells: names.map((name) => record.get(name) ?? null) };
  });
  return { rows: [{ line: 1, cells: names }, ...rows], fields: true, separator };
}

/** What rows are made of. */
function itemsOf(text: string, most: number): readonly Item[] | Reason {
  const whole = parsed(text);
  if (Array.isArray(whole)) return ofList(text, whole, most);
  if (isObject(whole)) return ofObject(text, whole, most);
  const lines = text
    .split('\n')
    .flatMap((line, i) => (line.trim() === '' ? [] : [{ line: i + 1, source: line }]));
  // Lines that were cut out of a list keep their commas.
  const byLine = lines
    .slice(0, most)
    .map(({ line, source }) => ({ line, value: parsed(source.replace(/,\s*$/, '')) }));
  const good = (items: readonly Item[]) => items.filter(({ value }) => isObject(value)).length;
  if (good(byLine) > byLine.length / 2) return byLine;
  // Objects that are broken into lines, or a list that is damaged somewhere.
  const inList = /^\s*\[/.test(text);
  const placed = placedValues(text, inList, most).map(({ line, source }) => ({
    line,
    value: parsed(source),
  }));
  return good(placed) > good(byLine) ? placed : byLine;
}

function ofList(text: string, list: readonly unknown[], most: number): readonly Item[] | Reason {
  if (list.length === 0) return { kind: 'empty', reason: 'is an empty JSON list' };
  if (list.every((item) => typeof item === 'string')) return list.map((item) => ({ line: 1, value: [item] }));
  const placed = placedValues(text, true, most);
  if (placed.length < Math.min(list.length, most)) {
    const reason =
      'is a JSON list of other things than objects: an object with a text and its labels each is needed';
    return { kind: 'malformed', reason };
  }
  return placed.map(({ line, source }) => ({ line, value: parsed(source) }));
}

/** Rows of one object: a list that it holds, columns by name, rows by name, else itself. */
function ofObject(
  text: string,
  whole: Readonly<Record<string, unknown>>,
  most: number,
): readonly Item[] | Reason {
  const fields = Object.entries(whole);
  const { columns, data } = whole;
  // pandas: orient="split"
  if (isStrings(columns) && Array.isArray(data) && data.every(Array.isArray)) {
    return data
      .slice(0, most)
      .map((row) => ({ line: 1, value: Object.fromEntries(columns.map((name, i) => [name, row[i]])) }));
  }
  const lists = fields.filter(
    ([, value]) => Array.isArray(value) && value.length > 0 && value.every(isObject),
  );
  if (lists.length > 1) {
    const names = lists.map(([name]) => `"${name}"`).join(', ');
    return {
      kind: 'malformed',
      reason: `has several lists of rows (${names}): save each as a file of its own`,
    };
  }
  const [only] = lists;
  if (only !== undefined) {
    const [name, list] = only;
    const begin = text.indexOf('[', text.indexOf(`${JSON.stringify(name)}`));
    const before = text.slice(0, begin).split('\n').length - 1;
    const placed = placedValues(text.slice(begin), true, most);
    const sure = Array.isArray(list) && placed.length >= Math.min(list.length, most);
    if (sure) return placed.map(({ line, source }) => ({ line: line + before, value: parsed(source) }));
    return Array.isArray(list) ? list.slice(0, most).map((value) => ({ line: 1, value })) : [];
  }
  const values = fields.map(([, value]) => value);
  if (values.length > 0 && values.every(Array.isArray)) {
    const length = Math.max(...values.map((value) => value.length));
    if (values.some((value) => value.length !== length)) {
      return {
        kind: 'malformed',
        reason: 'has columns of different lengths: which value is of which text is not known',
      };
    }
    return Array.from({ length: Math.min(length, most) }, (_, i) => ({
      line: 1,
      value: Object.fromEntries(
        fields.map(([name, value]) => [name, Array.isArray(value) ? value[i] : null]),
      ),
    }));
  }
  if (values.length > 1 && values.every(isObject)) return byName(fields, values, most);
  return [{ line: text.slice(0, text.indexOf('{')).split('\n').length, value: whole }];
}

/** pandas: an object of columns, each by the names of rows, or one of rows, each by the names of columns. */
function byName(
  fields: readonly (readonly [string, unknown])[],
  values: readonly Readonly<Record<string, unknown>>[],
  most: number,
): readonly Item[] {
  const keys = Object.keys(values[0] ?? {});
  const columns = keys.length > 0 && keys.every((key) => /^\d+$/.test(key));
  if (!columns) return values.slice(0, most).map((value) => ({ line: 1, value }));
  return keys.slice(0, most).map((key) => ({
    line: 1,
    value: Object.fromEntries(fields.map(([name, value]) => [name, isObject(value) ? value[key] : null])),
  }));
}

function parsed(source: string): unknown {
  try {
    return parseJson(source);
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isStrings = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

/** The fields of an object, those of objects in it with a point between. */
function flat(record: Readonly<Record<string, unknown>>, before = '', depth = 1): Map<string, Cell> {
  const out = new Map<string, Cell>();
  for (const [key, value] of Object.entries(record)) {
    const name = before + key;
    if (isObject(value) && depth < deepest)
      for (const [n, cell] of flat(value, `${name}.`, depth + 1)) out.set(n, cell);
    else out.set(name, cellOf(value));
  }
  return out;
}

function cellOf(value: unknown): Cell {
  if (!Array.isArray(value)) return plainText(value);
  const names = value.map(plainText);
  return names.every((name) => name !== null) ? names : null;
}

function plainText(value: unknown): string | null {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'boolean':
      return String(value);
    default:
      return null; // neither a text nor a label
  }
}
