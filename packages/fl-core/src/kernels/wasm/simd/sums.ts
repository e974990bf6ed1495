import { type FunctionSource, op } from '../../../wasm/assembler.ts';
import { define, eachRow, RowLoop } from './scope.ts';

const { f32x4Add: add } = op;

/** Adds one row to every row of y. */
const addRow = define('addRow', { y: 'i32', one: 'i32', rows: 'i32', bytes: 'i32' }, (p, scope) => {
  const loop = new RowLoop(scope, p.bytes);
  const row = loop.each((l) => l.store(p.y, add(l.load(p.y), l.load(p.one))));
  return [...loop.prepare, ...eachRow(p.rows, [[p.y, p.bytes.get]], row)];
});

/** Adds every row of dy to the sums. */
const columnSum = define('columnSum', { dy: 'i32', sums: 'i32', rows: 'i32', bytes: 'i32' }, (p, scope) => {
  const loop = new RowLoop(scope, p.bytes);
  const row = loop.each((l) => l.store(p.sums, add(l.load(p.sums), l.load(p.dy))));
  return [...loop.prepare, ...eachRow(p.rows, [[p.dy, p.bytes.get]], row)];
});

/** A bias and its gradient. Widths are in bytes. */
export const sumFunctions: readonly FunctionSource[] = [addRow, columnSum];
