import { type Cell, textOf } from '../cell.ts';

/** Rows looked at to find the columns. */
const inspected = 200;

/** Usual names of the column of texts, the likelier first. */
const textNames = [
  'text',
  'sentence',
  'utterance',
  'message',
  'review',
  'content',
  'query',
  'document',
  'body',
];
/** Usual names of the column of labels. */
const labelNames = ['label', 'category', 'class', 'intent', 'topic', 'target'];

export interface Column {
  readonly index: number;
  /** For people: from the header, else `column 1` and so on. */
  readonly title: string;
}

/** The first rows of a table, as the choice of columns looks at them. */
export class TableView {
  readonly #rows: readonly (readonly Cell[])[];
  /** Whether the first row surely names the columns, as those made of JSON lines do. */
  readonly fields: boolean;
  /** What the first row may call the columns: small letters and digits only. */
  readonly names: readonly string[];
  /** Cells of the longest row. */
  readonly width: number;

  /** @param rows without blank ones. */
  constructor(rows: readonly (readonly Cell[])[], fields: boolean) {
    this.#rows = rows.slice(0, inspected);
    this.fields = fields;
    this.names = (rows[0] ?? []).map((cell) =>
      textOf(cell)
        .toLowerCase()
        .replaceAll(/[\s_-]/g, ''),
    );
    this.width = this.#rows.reduce((width, row) => Math.max(width, row.length), 0);
  }

  /** @param header whether the first row names the columns. */
  column(index: number, header: boolean): Column {
    const name = textOf(this.#rows[0]?.[index]);
    if (this.fields) return { index, title: `field "${name}"` };
    return { index, title: header ? `column "${name}"` : `column ${index + 1}` };
  }

  /** The cell of the first row as it stands there. */
  first(index: number): string {
    return textOf(this.#rows[0]?.[index]);
  }

  /** Where the first of `wanted` that the first row names stands, or -1. */
  find(wanted: readonly string[]): number {
    return wanted.map((name) => this.names.indexOf(name)).find((index) => index !== -1) ?? -1;
  }

  /** The column that is named as texts usually are, or -1. */
  findText(): number {
    return this.find(textNames);
  }

  /** The column that is named as labels usually are, or -1; `others` are looked for first. */
  findLabel(others: readonly string[] = []): number {
    return this.find([...others, ...labelNames]);
  }

  /** The cells of a column, without the first row where that names the columns. */
  cells(index: number, header: boolean): readonly Cell[] {
    return this.#rows.slice(header ? 1 : 0).map((row) => row[index] ?? null);
  }

  /** How many cells of a column say something of the labels. */
  hits(index: number, header: boolean, known: (cell: Cell) => boolean): number {
    return this.cells(index, header).filter(known).length;
  }
}
