/**
 * What stands in one place of a table. JSON also has lists (of names) and fields that one object lacks, which are null.
 */
export type Cell = string | readonly string[] | null;

/** A cell as text without blanks around; a list and a missing field are none. */
export const textOf = (cell: Cell | undefined): string => (typeof cell === 'string' ? cell.trim() : '');

/** A cell as a person is shown it, not longer than `most` characters. */
export function shownCell(cell: Cell | undefined, most: number): string {
  const text = Array.isArray(cell) ? cell.join(', ') : textOf(cell);
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
