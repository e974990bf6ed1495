import { type Cell, textOf } from './cell.ts';

/** Between the labels of one cell, the surer first: a comma counts only where it parts labels that are known. */
const separators = ['|', ';', ','] as const;

/**
 * The names in a cell of labels: none in an empty one, the items of a list of JSON, what stands between
 * `separator`, else the whole. A label of the run may have the separator in it: a cell that is known is one name.
 */
export function namesOf(
  cell: Cell,
  separator: string | null,
  isKnown: (name: string) => boolean,
): readonly string[] {
  const text = textOf(cell);
  const list = typeof cell === 'string' && text.startsWith('[') ? parseList(text) : cell;
  if (Array.isArray(list)) return list.map((name) => name.trim()).filter((name) => name !== '');
  if (text === '') return [];
  if (separator === null || isKnown(text)) return [text];
  return text
    .split(separator)
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** The items of a JSON list of names or numbers; null for anything else. */
function parseList(text: string): readonly string[] | null {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every(isName) ? value.map(String) : null;
  } catch {
    return null;
  }
}

const isName = (value: unknown) => typeof value === 'string' || typeof value === 'number';

/**
 * What parts the labels in the cells of a column: the separator with the most cells of several labels that are all
 * known; where there are none, a bar or a semicolon that occurs; null when each cell has one label at most.
 */
export function separatorOf(cells: readonly Cell[], isKnown: (name: string) => boolean): string | null {
  const texts = cells.map(textOf).filter((text) => !isKnown(text));
  const scores = separators.map((separator) => {
    const parted = texts.map((text) => namesOf(text, separator, isKnown)).filter(({ length }) => length > 1);
    const surely = parted.filter((names) => names.every(isKnown)).length;
    return surely + (separator !== ',' && parted.length > 0 ? 0.5 : 0);
  });
  const most = Math.max(...scores);
  return most === 0 ? null : (separators[scores.indexOf(most)] ?? null);
}

/** Whether a cell names a label, alone or beside others. */
export const hasLabel = (cell: Cell, isKnown: (name: string) => boolean): boolean =>
  separators.some((separator) => namesOf(cell, separator, isKnown).some(isKnown));

const flags = new Map([
  ...['1', '1.0', 'true', 'yes'].map((name) => [name, true] as const),
  ...['0', '0.0', 'false', 'no'].map((name) => [name, false] as const),
]);

/** What a cell says of one label: 1 or 0, true or false, yes or no; undefined for anything else. */
export const flagOf = (cell: Cell | undefined): boolean | undefined => flags.get(textOf(cell).toLowerCase());
