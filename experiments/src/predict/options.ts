import { parseArgs } from 'node:util';
import { UsageError } from '../experiment.ts';

export interface PredictOptions {
  /** Zip or folder of an export. */
  readonly model: string;
  /** File or folder. */
  readonly data: string;
  readonly json: boolean;
}

export const usage = `npm run --silent predict -- MODEL DATA [--json]
  MODEL    what the page of a run gives as a zip (or a folder with what is in it), or the demo's --keep
  DATA     pictures: a file, a folder, or a zip of them
           texts: a table (CSV, TSV, JSON lines) with a column of texts; a .txt file, a text a line;
           or a folder of tables and of .txt files, each of those one text
  --json   print one JSON object on stdout, with the probability of each label
Prints a line for each file or line: what it is of, its label, the label's probability.`;

/** Throws {@link UsageError}. */
export function parseOptions(args: readonly string[]): PredictOptions {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { json: { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    const [model, data, ...more] = positionals;
    if (model === undefined || data === undefined || more.length > 0) {
      throw new Error('a model and one file or folder are needed');
    }
    return { model, data, json: values.json };
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}
