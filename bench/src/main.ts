/**
 * Runs one benchmark: `npm run --silent bench -- NAME [--json] [OPTIONS]`.
 * With --json one object `{bench, rows}` goes to standard output, otherwise a table; progress goes to standard error.
 */
import { parseArgs } from 'node:util';
import { StrataError } from '@strata/fl-core/protocol';
import { aggregate } from './aggregate.ts';
import type { Benchmark, Options, Row } from './benchmark.ts';
import { faults } from './faults/index.ts';
import { gpu } from './gpu/index.ts';
import { groups } from './groups.ts';
import { load } from './load.ts';
import { orchestrator } from './orchestrator/index.ts';
import { page } from './page.ts';
import { secagg } from './secagg.ts';
import { solver } from './solver.ts';
import { step } from './step/index.ts';

const benchmarks: Readonly<Record<string, Benchmark<Options>>> = {
  solver,
  groups,
  aggregate,
  step,
  load,
  page,
  gpu,
  orchestrator,
  faults,
  secagg,
};

function usage(): string {
  const lines = Object.entries(benchmarks).map(([name, b]) => {
    const options = Object.entries(b.options).map(([option, value]) => `[--${option}${shown(value)}]`);
    return `  ${[name.padEnd(10), b.title, ...options].join(' ')}`;
  });
  return ['Usage: npm run --silent bench -- NAME [--json] [OPTIONS]', ...lines].join('\n');
}

/** What follows an option's name: its default where there is one to see. */
function shown(preset: Options[string]): string {
  if (typeof preset === 'boolean') return '';
  return ` ${preset === '' ? 'TEXT' : preset}`;
}

/** The command line, or null when it cannot be understood. */
function parse(args: readonly string[]) {
  const [name = '', ...rest] = args;
  const benchmark = Object.hasOwn(benchmarks, name) ? benchmarks[name] : undefined;
  if (!benchmark) return null;
  const presets: Options = { json: false, ...benchmark.options };
  const types = Object.entries(presets).map(
    ([option, preset]) =>
      [option, { type: typeof preset === 'boolean' ? 'boolean' : 'string' } as const] as const,
  );
  let given: ReturnType<typeof parseArgs>['values'];
  try {
    given = parseArgs({ args: rest, options: Object.fromEntries(types) }).values;
  } catch {
    return null;
  }
  const options: Record<string, Options[string]> = { ...presets };
  for (const [option, value] of Object.entries(given)) {
    const read = typeof presets[option] === 'number' ? Number(value) : value;
    if (Number.isNaN(read) || typeof read !== typeof presets[option]) return null;
    options[option] = read as Options[string];
  }
  const { json, ...own } = options;
  return { name, benchmark, options: own, json: json === true };
}

const command = parse(process.argv.slice(2));
if (command) {
  const { name, benchmark, options, json } = command;
  const rows: Row[] = [];
  const log = (line: string) => process.stderr.write(`${line}\n`);
  try {
    for await (const row of benchmark.run({ options, log })) {
      rows.push(row);
      log(JSON.stringify(row));
    }
    if (json) process.stdout.write(`${JSON.stringify({ bench: name, rows })}\n`);
    else console.table(rows);
  } catch (error) {
    if (!(error instanceof StrataError)) throw error;
    log(`${error.message} ${error.hint}`);
    process.exitCode = 1;
  }
} else {
  process.stderr.write(`${usage()}\n`);
  process.exitCode = 2;
}
