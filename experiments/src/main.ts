/**
 * Runs one experiment: `npm run --silent experiment -- NAME [--OPTION VALUE] [--json]`.
 * With --json one object goes to standard output, otherwise a table; progress goes to standard error.
 */
import { UsageError } from './experiment.ts';
import { finetune } from './finetune/finetune.ts';
import { lambda } from './lambda/lambda.ts';
import { poison } from './poison/poison.ts';
import { rounds } from './rounds/rounds.ts';
import { scores } from './scores/scores.ts';
import { simulate } from './simulate/simulate.ts';
import { smoke } from './smoke/smoke.ts';

const experiments = { finetune, lambda, poison, rounds, scores, simulate, smoke } as const;

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
  else {
    const tables = 'tables' in result ? result.tables : { [name]: result };
    for (const [title, rows] of Object.entries(tables ?? {})) {
      process.stdout.write(`${title}\n`);
      console.table(rows);
    }
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  log(error.message);
  process.exitCode = 2;
}
