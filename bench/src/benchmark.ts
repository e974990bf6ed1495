/** Values of a benchmark's options by their names. */
export type Options = Readonly<Record<string, number | string | boolean>>;
type Numbers = Readonly<Record<string, number>>;

/** A benchmark: one program a file, listed in main.ts. */
export interface Benchmark<O extends Options = Numbers> {
  /** What it measures, in one line. */
  readonly title: string;
  /**
   * Options with their default values. On the command line `--name NUMBER` or `--name TEXT` after the default's type;
   * one that is false by default becomes true by `--name`.
   */
  readonly options: O;
  run(context: BenchContext<O>): AsyncIterable<Row>;
}

export interface BenchContext<O extends Options = Numbers> {
  readonly options: O;
  /** A line of progress for people. */
  log(line: string): void;
}

/** What is told of one measurement: names and plain values, as JSON has them. */
export type Row = object;

/** Milliseconds of the fastest of `times` calls, after one that warms up: what the machine can do undisturbed. */
export async function fastest(times: number, work: () => void | Promise<void>): Promise<number> {
  await work();
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await work();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}
