/**
 * The pack's program: measures this machine's graphics card, or with `--small` what can be had of a software one; with
 * `--brief` one model only, with `--tiles` nothing but shapes of tiles. One JSON object goes to standard output,
 * everything else to standard error; it fails unless all results are good.
 */
import { parseArgs } from 'node:util';
import type { Row } from '../benchmark.ts';
import { rowsOfChild } from '../child-process.ts';
import { measure } from './measure.ts';
import type { TileRow } from './tiles/measure-tiles.ts';

const flag = { type: 'boolean', default: false } as const;
const { small, brief, tiles, seconds } = parseArgs({
  options: { small: flag, brief: flag, tiles: flag, seconds: { type: 'string', default: '215' } },
}).values;
const log = (line: string) => process.stderr.write(`${line}\n`);
const rows: Row[] = [];
let good = false;
if (tiles) {
  for await (const row of rowsOfChild<TileRow>('tiles-child', null)) {
    rows.push(row);
    log(`${row.product}: ${row.shape} ${Math.round(row.gflops)} GFLOP/s${row.chosen ? ', chosen' : ''}`);
    good = true;
  }
} else {
  const size = small ? 'small' : 'card';
  const python = process.env.STRATA_PYTHON ?? null;
  for await (const row of measure({ size, brief, python, seconds: Number(seconds), log })) {
    rows.push(row);
    log(JSON.stringify(row));
    if (row.part === 'verdict') good = row.good;
  }
}
process.stdout.write(`${JSON.stringify({ bench: 'gpu', good, rows })}\n`, () => process.exit(good ? 0 : 1));
