/**
 * What stands in one place of a table. JSON lines also have lists (of names) and fields that one object lacks,
 * which are null.
 */
export type Cell = string | readonly string[] | null;

/** A cell as text without blanks around; a list and a missing field are none. */
export const textOf = (cell: Cell | undefined): string => (typeof cell === 'string' ? cell.trim() : '');
