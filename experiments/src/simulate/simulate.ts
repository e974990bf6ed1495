import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { type Experiment, parseOptionsOf, UsageError } from '../experiment.ts';
import { readSimulation } from './config.ts';
import { reportOf } from './report/report.ts';
import { Results } from './results.ts';
import { Workbench } from './workbench.ts';

/**
 * Runs of many virtual clients in one process, over a sweep of configurations: the product's rounds in memory, its
 * clients on worker threads. What was begun goes on when it is started again.
 */
export const simulate: Experiment = {
  usage: 'CONFIG.yaml [--out FOLDER] [--workers CORES] [--only TEXT] [--dry-run | --report]',
  run,
};

const Options = z.object({
  /** Where results are written, and found again. */
  out: z.string().min(1).optional(),
  workers: z.coerce.number().int().min(1).max(256).default(availableParallelism()),
  /** Only cells with this in their name. */
  only: z.string().default(''),
});

async function run(args: readonly string[], log: (line: string) => void) {
  const [file = '', ...rest] = args.filter((a) => a !== '--dry-run' && a !== '--report');
  if (file === '' || file.startsWith('--')) throw new UsageError(`simulate ${simulate.usage}`);
  const options = parseOptionsOf(Options, rest, `simulate ${simulate.usage}`);
  const simulation = await readSimulation(file);
  const out = options.out ?? join('simulations', simulation.name);
  const results = await Results.at(out);
  const bench = new Workbench(results, options.workers, log);
  try {
    const cells = simulation.cells.filter(({ key }) => key.includes(options.only));
    if (args.includes('--dry-run')) return await bench.dryRun(cells);
    const onlyReport = args.includes('--report');
    const done = onlyReport ? await results.all(cells) : await bench.all(cells);
    const references = await bench.references(simulation, cells, onlyReport);
    return {
      experiment: 'simulate',
      name: simulation.name,
      out,
      ...(await reportOf(simulation, done, references, results)),
    };
  } finally {
    await bench.close();
  }
}
