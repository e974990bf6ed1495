import { type Cell, textOf } from './cell.ts';
import { parseList } from './list-cell.ts';

/** Between the labels of one cell, the surer first: a comma counts only where it parts labels that are known. */
const separators = ['|', ';', ','] as const;

/**
 * The names in a cell of labels: none in an empty one, the items of a list (see {@link parseList}), what stands between
 * `separator`, else the whole. A label of the run may have the separator in it, or brackets: a cell that is known is
 * one name.
 */
export function namesOf(
  cell: Cell,
  separator: string | null,
  isKnown: (name: string) => boolean,
): readonly string[] {
  const text = textOf(cell);
  if (text !== '' && isKnown(text)) return [text];
  const list = typeof cell === 'string' ? parseList(text) : cell;
  if (list !== null) return list.map((name) => name.trim()).filter((name) => name !== '');
  if (text === '') return [];
  if (separator === null) return [text];
  return text
    .split(separator)
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/**
 * What parts the labels in the cells of a column: the separator with the most cells of several labels that are all
 * known; where there are none, a bar or a semicolon that occurs; null when each cell has one label at most.
 */
export function separatorOf(cells: readonly Cell[], isKnown: (name: string) => boolean): string | null {
  const texts = cells.map(textOf).filter((text) => !isKnown(text) && parseList(text) === null);
  const scores = separators.map((separator) => {
    const parted = texts.map((text) => namesOf(text, separator, isKnown)).filter(({ length }) => length > 1);
    const surely = parted.filter((names) => names.every(isKnown)).length;
    return surely + (separator !== ',' && parted.length > 0 ? 0.5 : 0);
  });
  const most = Math.max(...scores);
  return most === 0 ? null : (separators[scores.indexOf(most)] ?? null);
}

/** The one name in a cell of a single label: of a list with one item that. Undefined where there is none, or several. */
export function onlyName(cell: Cell, isKnown: (name: string) => boolean): string | undefined {
  const names = namesOf(cell, null, isKnown);
  return names.length === 1 ? names[0] : undefined;
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
