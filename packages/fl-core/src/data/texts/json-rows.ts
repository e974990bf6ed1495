import type { Cell } from './cell.ts';
import type { Row } from './table-rows.ts';

/** Whether a text is one JSON object a line (JSONL, NDJSON), by the name of its file or by how it begins. */
export const isJsonLines = (file: string, text: string): boolean =>
  /\.(jsonl|ndjson)$/i.test(file) || /^\s*\{\s*"/.test(text);

/** Objects looked at to find the names of the fields. */
const inspected = 200;

/**
 * JSON lines as the rows of a table: first a row with the names of the fields, then one row an object, at most
 * `most` in all. Numbers and truth values become text, as class numbers often stand for labels; a field that an
 * object lacks, or that is null or an object, is a null cell.
 */
export function readJsonRows(text: string, most: number): readonly Row[] {
  const records: { readonly line: number; readonly record: Record<string, unknown> | null }[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (records.length >= most - 1) break;
    if (line.trim() !== '') records.push({ line: i + 1, record: parseObject(line) });
  }
  const names = [...new Set(records.slice(0, inspected).flatMap(({ record }) => Object.keys(record ?? {})))];
  const rows = records.map(({ line, record }): Row => {
    if (record === null) return { line, cells: [], error: 'is not a JSON object' };
    return { line, cells: names.map((name) => cellOf(record[name])) };
  });
  return [{ line: 1, cells: names }, ...rows];
}

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    const object = typeof value === 'object' && value !== null && !Array.isArray(value);
    return object ? Object.fromEntries(Object.entries(value)) : null;
  } catch {
    return null;
  }
}

function cellOf(value: unknown): Cell {
  return Array.isArray(value) ? value.map((item) => plainText(item) ?? '') : plainText(value);
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
