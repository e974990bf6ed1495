/**
 * The pack's program: measures this machine's graphics card, or with `--small` what can be had of a software one, with `--brief`
 * one model only. One
 * JSON object goes to standard output, everything else to standard error; it fails unless all results are good.
 */
import { parseArgs } from 'node:util';
import type { Row } from '../benchmark.ts';
import { measure } from './measure.ts';

const flag = { type: 'boolean', default: false } as const;
const { small, brief, seconds } = parseArgs({
  options: { small: flag, brief: flag, seconds: { type: 'string', default: '215' } },
}).values;
const log = (line: string) => process.stderr.write(`${line}\n`);
const rows: Row[] = [];
let good = false;
const python = process.env.STRATA_PYTHON ?? null;
const size = small ? 'small' : 'card';
for await (const row of measure({ size, brief, python, seconds: Number(seconds), log })) {
  rows.push(row);
  log(JSON.stringify(row));
  if (row.part === 'verdict') good = row.good;
}
process.stdout.write(`${JSON.stringify({ bench: 'gpu', good, rows })}\n`, () => process.exit(good ? 0 : 1));
