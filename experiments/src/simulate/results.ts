import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { UsageError } from '../experiment.ts';
import type { Cell } from './config.ts';
import type { Line } from './line.ts';
import type { PlayEnd, RoundRow, SavedPlay } from './play.ts';

/** A finished cell. */
export interface CellResult {
  readonly at: Cell['at'];
  readonly line: Line;
}

interface Head {
  readonly cell: Cell['at'];
  readonly plan: unknown;
  /** Of the above: what is continued must be the same. */
  readonly hash: string;
}

/** A line of `results.jsonl`. */
type Kept = CellResult & Pick<Head, 'hash'> & { readonly key: string };

/**
 * The folder of a simulation. Of each cell `cells/KEY.jsonl`: a line that says what it is, one for each committed round
 * and one for its end; while it is unfinished `cells/KEY.state`, from which it goes on after a kill. `results.jsonl` has
 * a line for each finished cell and is all that is needed of it: it may be kept without the rest.
 */
export class Results {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async at(folder: string): Promise<Results> {
    await mkdir(join(folder, 'cells'), { recursive: true });
    return new Results(folder);
  }

  /**
   * What there is of a cell: its result, where to go on, or nothing.
   * @throws UsageError where another configuration was begun under its name.
   */
  async find(cell: Cell): Promise<CellResult | { readonly saved: SavedPlay | null }> {
    const { key } = cell;
    const hash = hashOf(cell);
    const kept = (await this.#linesOf<Kept>('results.jsonl')).find((line) => line.key === key);
    const head = (await this.#linesOf<Head>(this.#cell(key, 'jsonl')))[0];
    if ((kept ?? head ?? { hash }).hash !== hash) {
      throw new UsageError(
        `${this.#folder} has ${key} of another configuration. Give another --out, or delete what is there of it.`,
      );
    }
    if (kept !== undefined) return kept;
    const state = await readFile(this.#path(this.#cell(key, 'state'))).catch(() => null);
    const saved = state === null ? null : (deserialize(state) as SavedPlay & { bytes: number });
    const file = this.#path(this.#cell(key, 'jsonl'));
    // What was written after the state, or in part, is played again.
    if (saved !== null) await truncate(file, saved.bytes);
    else await writeFile(file, `${JSON.stringify(headOf(cell))}\n`);
    return { saved };
  }

  /** Of those cells that are done. */
  async all(cells: readonly Cell[]): Promise<CellResult[]> {
    const kept = await this.#linesOf<Kept>('results.jsonl');
    return cells.flatMap(
      (cell) => kept.find(({ key, hash }) => key === cell.key && hash === hashOf(cell)) ?? [],
    );
  }

  /** @param saved null: what is killed is played again from its beginning. */
  async addRow(key: string, row: RoundRow, saved: SavedPlay | null): Promise<void> {
    const file = this.#path(this.#cell(key, 'jsonl'));
    await appendFile(file, `${JSON.stringify({ row })}\n`);
    if (saved === null) return;
    const bytes = (await stat(file)).size;
    const state = this.#path(this.#cell(key, 'state'));
    await writeFile(`${state}.new`, serialize({ ...saved, bytes }));
    await rename(`${state}.new`, state);
  }

  /** @param toLine makes the result of a cell's rows. */
  async end(cell: Cell, end: PlayEnd, toLine: (rows: readonly RoundRow[]) => Line): Promise<CellResult> {
    const { key, at } = cell;
    const file = this.#cell(key, 'jsonl');
    const lines = await this.#linesOf<Head | { row: RoundRow }>(file);
    const line = toLine(lines.flatMap((one) => ('row' in one ? [one.row] : [])));
    await appendFile(this.#path(file), `${JSON.stringify({ end })}\n`);
    const kept: Kept = { key, at, hash: hashOf(cell), line };
    await appendFile(this.#path('results.jsonl'), `${JSON.stringify(kept)}\n`);
    await rm(this.#path(this.#cell(key, 'state')), { force: true });
    return kept;
  }

  /** Writes a file of the folder; its path. */
  async write(name: string, text: string): Promise<string> {
    const path = this.#path(name);
    await writeFile(path, text);
    return path;
  }

  /** A JSON value that was kept under a name; where there is none for this question yet it is made and kept, or null. */
  async kept<T>(name: string, question: unknown, make: () => Promise<T>): Promise<T>;
  async kept<T>(name: string, question: unknown, make: (() => Promise<T>) | null): Promise<T | null>;
  async kept<T>(name: string, question: unknown, make: (() => Promise<T>) | null): Promise<T | null> {
    const path = join(this.#folder, `${name}.json`);
    const asked = JSON.stringify(question);
    const before = JSON.parse(await readFile(path, 'utf8').catch(() => 'null')) as {
      asked: string;
      answer: T;
    } | null;
    if (before?.asked === asked) return before.answer;
    if (make === null) return null;
    const answer = await make();
    await writeFile(path, JSON.stringify({ asked, answer }));
    return answer;
  }

  /** Whole lines; what was being written when the process ended is not among them. */
  async #linesOf<T>(name: string): Promise<T[]> {
    const text = await readFile(this.#path(name), 'utf8').catch(() => '');
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as T);
  }

  #cell(key: string, kind: 'jsonl' | 'state'): string {
    return join('cells', `${key}.${kind}`);
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}

const hashOf = ({ at, plan }: Cell): string =>
  createHash('sha256')
    .update(JSON.stringify([at, plan]))
    .digest('hex');

const headOf = (cell: Cell): Head => ({ cell: cell.at, plan: cell.plan, hash: hashOf(cell) });
