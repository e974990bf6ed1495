import { type Code, type FunctionSource, op } from '../../../wasm/assembler.ts';
import { exp } from './math.ts';
import { across, c, define, eachRow, RowLoop, total } from './scope.ts';

const { f32x4Add: add, f32x4Sub: sub, f32x4Mul: mul, f32x4Div: div } = op;

/** Softmax of every row in place; `bias`, rows of the same width or 0 for none, is added before. */
const softmax = define('softmax', { s: 'i32', bias: 'i32', rows: 'i32', bytes: 'i32' }, (p, scope) => {
  const loop = new RowLoop(scope, p.bytes);
  const [top, sum, e] = [scope.local('v128'), scope.local('v128'), scope.local('v128')];
  const lowest = -3.4e38;
  const row = [
    ...op.when(
      p.bias.get,
      loop.each((l) => l.store(p.s, add(l.load(p.s), l.load(p.bias)))),
    ),
    ...top.set(c(lowest)),
    ...sum.set(c(0)),
    // The maximum over the row only: what lies behind it may be larger.
    ...loop.each((l) => [
      ...e.set(l.load(p.s)),
      ...e.set(op.or(l.within(e.get), beyond(l, c(lowest)))),
      ...top.set(op.f32x4Max(top.get, e.get)),
    ]),
    ...top.set(across(top, op.f32x4Max)),
    ...loop.each((l) => [
      ...exp(scope, sub(l.load(p.s), top.get), e),
      ...l.store(p.s, e.get),
      ...sum.set(add(sum.get, l.within(e.get))),
    ]),
    ...total(sum),
    ...sum.set(div(c(1), sum.get)),
    ...loop.each((l) => l.store(p.s, mul(l.load(p.s), sum.get))),
  ];
  const next = op.select(op.i32Add(p.bias.get, p.bytes.get), op.i32(0), p.bias.get);
  return [...loop.prepare, ...eachRow(p.rows, [[p.s, p.bytes.get]], [...row, ...p.bias.set(next)])];
});

/** The value in lanes beyond the row's end, 0 in the others. */
function beyond(l: { within(value: Code): Code }, value: Code): Code {
  const inside = l.within(value);
  return op.xor(value, inside);
}

/** s = p (s - sum(p s)) for every row: the gradient of softmax, in place. */
const softmaxGrad = define('softmaxGrad', { p: 'i32', s: 'i32', rows: 'i32', bytes: 'i32' }, (p, scope) => {
  const loop = new RowLoop(scope, p.bytes);
  const sum = scope.local('v128');
  const row = [
    ...sum.set(c(0)),
    ...loop.each((l) => sum.set(add(sum.get, l.within(mul(l.load(p.p), l.load(p.s)))))),
    ...total(sum),
    ...loop.each((l) => l.store(p.s, mul(l.load(p.p), sub(l.load(p.s), sum.get)))),
  ];
  const pointers = [
    [p.p, p.bytes.get],
    [p.s, p.bytes.get],
  ] as const;
  return [...loop.prepare, ...eachRow(p.rows, pointers, row)];
});

/** Softmax over rows and its gradient. Widths are in bytes. */
export const softmaxFunctions: readonly FunctionSource[] = [softmax, softmaxGrad];
