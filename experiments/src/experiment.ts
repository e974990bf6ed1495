import { parseArgs } from 'node:util';
import { z } from 'zod';

/** One program of the folder: what `npm run experiment -- NAME` starts. */
export interface Experiment {
  /** Its options, for people. */
  readonly usage: string;
  /** Throws {@link UsageError} for options that make no sense. */
  run(args: readonly string[], log: (line: string) => void): Promise<Readonly<Record<string, unknown>>>;
}

/** The command line cannot be understood; the message says how it should look. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * The options of an experiment, by the names of its schema; those in `multiple` may be given more than once.
 * @throws UsageError that says what is wrong, with `usage` where an option is not known.
 */
export function parseOptionsOf<Schema extends z.ZodObject>(
  schema: Schema,
  args: readonly string[],
  usage: string,
  multiple: readonly string[] = [],
): z.output<Schema> {
  const options = Object.fromEntries(
    Object.keys(schema.shape).map((name) => [
      name,
      { type: 'string' as const, multiple: multiple.includes(name) },
    ]),
  );
  let values: object;
  try {
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}\n${usage}`);
  }
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  throw new UsageError(z.prettifyError(parsed.error));
}
