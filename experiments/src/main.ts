/**
 * Runs one experiment: `npm run --silent experiment -- NAME [--OPTION VALUE] [--json]`.
 * With --json one object goes to standard output, otherwise a table; progress goes to standard error.
 */
import { UsageError } from './experiment.ts';
import { finetune } from './finetune/finetune.ts';
import { poison } from './poison/poison.ts';
import { rounds } from './rounds/rounds.ts';

const experiments = { finetune, poison, rounds } as const;

const [name = '', ...args] = process.argv.slice(2);
const log = (line: string) => process.stderr.write(`${line}\n`);

try {
  if (!Object.hasOwn(experiments, name)) {
    const list = Object.entries(experiments).map(([n, { usage }]) => `  ${n} ${usage}`);
    throw new UsageError(
      ['Usage: npm run --silent experiment -- NAME [--OPTION VALUE] [--json]', ...list].join('\n'),
    );
  }
  const json = args.includes('--json');
  const result = await experiments[name as keyof typeof experiments].run(
    args.filter((a) => a !== '--json'),
    log,
  );
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else console.table(result);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  log(error.message);
  process.exitCode = 2;
}
