/**
 * The pack's program: measures this machine's graphics card, or with `--small` what can be had of a software one.
 * `--brief` shows only that everything loads. One JSON object goes to standard output, everything else to standard error; it fails unless all results are good.
 */
import { parseArgs } from 'node:util';
import type { Row } from '../benchmark.ts';
import { measureGpu } from './stand-in.ts';

const flag = { type: 'boolean', default: false } as const;
const { small, brief } = parseArgs({ options: { small: flag, brief: flag } }).values;
const log = (line: string) => process.stderr.write(`${line}\n`);
const rows: Row[] = [];
for await (const row of measureGpu({ small, brief, log })) {
  rows.push(row);
  log(JSON.stringify(row));
}
const good = rows.length > 0 && rows.every((row) => row.reason === undefined);
process.stdout.write(`${JSON.stringify({ bench: 'gpu', good, rows })}\n`, () => process.exit(good ? 0 : 1));
