/** A benchmark: one program a file, listed in main.ts. */
export interface Benchmark {
  /** What it measures, in one line. */
  readonly title: string;
  /** Options with their default values, given on the command line as `--name value`. */
  readonly options: Readonly<Record<string, number>>;
  run(context: BenchContext): AsyncIterable<Row>;
}

export interface BenchContext {
  readonly options: Readonly<Record<string, number>>;
  /** A line of progress for people. */
  log(line: string): void;
}

export type Row = Readonly<Record<string, string | number | boolean | null>>;

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
