import { type Cell, textOf } from '../cell.ts';
import type { RawTable, Row } from '../rows/row.ts';
import { type Contents, contentsOf } from './contents.ts';
import { type Naming, namingOf, wordsOf } from './usual-names.ts';

/** Rows looked at to find the columns. */
const inspected = 200;
/** Most rows have so many cells, or the table is ragged. */
const mostRows = 0.8;

export interface Column {
  readonly index: number;
  /** For people: from the header, else `column 1` and so on. */
  readonly title: string;
}

/** The first rows of a table, as the choice of columns looks at them. */
export class TableView {
  readonly #rows: readonly Row[];
  readonly #contents = new Map<string, Contents>();
  readonly #widths = new Map<boolean, number>();
  /** Whether the first row surely names the columns, as those made of JSON do. */
  readonly fields: boolean;

  /** @param known whether a cell says something of the labels. */
  constructor({ rows, fields, separator }: RawTable, known: (cell: Cell) => boolean) {
    const seen = rows.filter(({ error }) => error === undefined).slice(0, inspected);
    this.#rows = fields ? seen : asTwo(seen, separator, known);
    this.fields = fields;
  }

  /** Rows looked at, the first among them. */
  get length(): number {
    return this.#rows.length;
  }

  /** Cells that a row should have, see {@link widthOf}. */
  width(header: boolean): number {
    if (this.fields) return this.first().length;
    const width = this.#widths.get(header) ?? widthOf(this.#rows, header);
    this.#widths.set(header, width);
    return width;
  }

  /** The name that the first row may give a column. */
  name(index: number): string {
    return textOf(this.#rows[0]?.cells[index]);
  }

  /** The same in small letters and digits only. */
  key(index: number): string {
    return wordsOf(this.name(index)).join('');
  }

  /** What a column is usually for, by its name. */
  naming(index: number): Naming {
    return namingOf(this.name(index));
  }

  /** The cells of the first row. */
  first(): readonly Cell[] {
    return this.#rows[0]?.cells ?? [];
  }

  column(index: number, header: boolean): Column {
    const name = this.name(index);
    if (this.fields) return { index, title: `field "${name}"` };
    return { index, title: header && name !== '' ? `column "${name}"` : `column ${index + 1}` };
  }

  /** The cells of a column in rows that are no longer than the table is wide, without the first where it is a header. */
  cells(index: number, header: boolean): readonly Cell[] {
    const width = this.width(header);
    return this.#rows
      .slice(header ? 1 : 0)
      .filter(({ cells }) => lastFilled(cells) < width)
      .map(({ cells }) => cells[index] ?? null);
  }

  contents(index: number, header: boolean): Contents {
    const key = `${index} ${header}`;
    const known = this.#contents.get(key) ?? contentsOf(this.cells(index, header));
    this.#contents.set(key, known);
    return known;
  }
}

/** Where the last cell with something in it stands, or -1. */
export const lastFilled = (cells: readonly Cell[]): number =>
  cells.findLastIndex((cell) => Array.isArray(cell) || textOf(cell) !== '');

/**
 * Cells that a row should have: as many as the header names, else as most rows have; where rows differ much, as texts
 * without quotation marks make them, as the shortest with two or more.
 */
function widthOf(rows: readonly Row[], header: boolean): number {
  const widths = rows.map(({ cells }) => lastFilled(cells) + 1);
  const cells = rows.map((row) => row.cells.length);
  const widest = Math.max(0, ...widths);
  // A column without a name, but with something in it, at the end; or one that is empty in some rows.
  const everywhere = Math.min(widest, ...cells);
  if (header) return Math.max(widths[0] ?? 0, everywhere);
  const alike = (width: number) => cells.filter((other) => other === width).length;
  const usual = cells.reduce((best, width) => (alike(width) > alike(best) ? width : best), cells[0] ?? 0);
  if (alike(usual) >= mostRows * rows.length)
    return Math.min(usual, Math.max(0, ...widths.filter((width) => width <= usual)));
  return Math.min(widest, ...cells.filter((width) => width > 1));
}

/**
 * Rows of a label and a text that is in pieces, as it has the separator in it and no quotation marks, as two cells: where
 * the first row has two, or rows differ much, and the label stands first or last in nearly all of them.
 */
function asTwo(rows: readonly Row[], separator: string, known: (cell: Cell) => boolean): readonly Row[] {
  const [first, ...body] = rows;
  const width = widthOf(rows, false);
  const ragged = rows.some(({ cells }) => lastFilled(cells) >= width);
  if (first === undefined || !(ragged || first.cells.length === 2)) return rows;
  const labels = (side: 0 | -1) => body.filter(({ cells }) => known(cells.at(side) ?? null)).length;
  const side = labels(0) >= labels(-1) ? 0 : -1;
  if (labels(side) < mostRows * body.length) return rows;
  return rows.map((row): Row => {
    const { cells, quoted = false } = row;
    if (quoted || cells.length < 3) return row;
    const text = (from: number, to?: number) => cells.slice(from, to).join(separator);
    return { ...row, cells: side === 0 ? [cells[0]!, text(1)] : [text(0, -1), cells.at(-1)!] };
  });
}
