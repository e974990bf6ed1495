import { type Code, type FunctionSource, op } from '../../../wasm/assembler.ts';
import { c, define, eachRow, RowLoop, total, type Variable } from './scope.ts';

const { f32x4Add: add, f32x4Sub: sub, f32x4Mul: mul, f32x4Div: div, f32x4Sqrt: sqrt } = op;

const layerNorm = define(
  'layerNorm',
  {
    x: 'i32',
    y: 'i32',
    statistics: 'i32',
    scale: 'i32',
    shift: 'i32',
    rows: 'i32',
    bytes: 'i32',
    width: 'f32',
    epsilon: 'f32',
  },
  (p, scope) => {
    const loop = new RowLoop(scope, p.bytes);
    const [mean, inverse, d] = [scope.local('v128'), scope.local('v128'), scope.local('v128')];
    const row = [
      ...mean.set(c(0)),
      ...loop.each((l) => mean.set(add(mean.get, l.within(l.load(p.x))))),
      ...total(mean),
      ...mean.set(div(mean.get, op.f32Splat(p.width.get))),
      ...inverse.set(c(0)),
      ...loop.each((l) => [
        ...d.set(l.within(sub(l.load(p.x), mean.get))),
        ...inverse.set(add(inverse.get, mul(d.get, d.get))),
      ]),
      ...total(inverse),
      ...inverse.set(
        div(c(1), sqrt(add(div(inverse.get, op.f32Splat(p.width.get)), op.f32Splat(p.epsilon.get)))),
      ),
      ...loop.each((l) =>
        l.store(
          p.y,
          add(mul(mul(sub(l.load(p.x), mean.get), inverse.get), l.load(p.scale)), l.load(p.shift)),
        ),
      ),
      ...op.storeF32(p.statistics.get, 0, op.f32Lane(mean.get, 0)),
      ...op.storeF32(p.statistics.get, 4, op.f32Lane(inverse.get, 0)),
    ];
    const pointers = [
      [p.x, p.bytes.get],
      [p.y, p.bytes.get],
      [p.statistics, op.i32(8)],
    ] as const;
    return [...loop.prepare, ...eachRow(p.rows, pointers, row)];
  },
);

/** The normalised x of a row, from its statistics. */
const normalised = (x: Code, mean: Variable, inverse: Variable): Code => mul(sub(x, mean.get), inverse.get);

const loadStatistics = (statistics: Variable, mean: Variable, inverse: Variable): Code => [
  ...mean.set(op.loadSplat(statistics.get, 0)),
  ...inverse.set(op.loadSplat(statistics.get, 4)),
];

const layerNormGrad = define(
  'layerNormGrad',
  {
    x: 'i32',
    dy: 'i32',
    dx: 'i32',
    statistics: 'i32',
    scale: 'i32',
    rows: 'i32',
    bytes: 'i32',
    width: 'f32',
  },
  (p, scope) => {
    const loop = new RowLoop(scope, p.bytes);
    const [mean, inverse, q] = [scope.local('v128'), scope.local('v128'), scope.local('v128')];
    const [sum, products] = [scope.local('v128'), scope.local('v128')];
    const row = [
      ...loadStatistics(p.statistics, mean, inverse),
      ...sum.set(c(0)),
      ...products.set(c(0)),
      ...loop.each((l) => [
        ...q.set(l.within(mul(l.load(p.dy), l.load(p.scale)))),
        ...sum.set(add(sum.get, q.get)),
        // q is 0 beyond the row, but what lies there may be no number.
        ...products.set(add(products.get, mul(q.get, l.within(normalised(l.load(p.x), mean, inverse))))),
      ]),
      ...total(sum),
      ...total(products),
      ...sum.set(div(sum.get, op.f32Splat(p.width.get))),
      ...products.set(div(products.get, op.f32Splat(p.width.get))),
      ...loop.each((l) => {
        const own = sub(mul(l.load(p.dy), l.load(p.scale)), sum.get);
        const rest = mul(normalised(l.load(p.x), mean, inverse), products.get);
        return l.store(p.dx, mul(inverse.get, sub(own, rest)));
      }),
    ];
    const pointers = [
      ...[p.x, p.dy, p.dx].map((pointer) => [pointer, p.bytes.get] as const),
      [p.statistics, op.i32(8)] as const,
    ];
    return [...loop.prepare, ...eachRow(p.rows, pointers, row)];
  },
);

/** Adds every row of dy times the normalised x to the sums. */
const columnSumOfNormalised = define(
  'columnSumOfNormalised',
  { dy: 'i32', x: 'i32', statistics: 'i32', sums: 'i32', rows: 'i32', bytes: 'i32' },
  (p, scope) => {
    const loop = new RowLoop(scope, p.bytes);
    const [mean, inverse] = [scope.local('v128'), scope.local('v128')];
    const row = [
      ...loadStatistics(p.statistics, mean, inverse),
      ...loop.each((l) => {
        const term = mul(l.load(p.dy), normalised(l.load(p.x), mean, inverse));
        return l.store(p.sums, add(l.load(p.sums), term));
      }),
    ];
    const pointers = [
      [p.dy, p.bytes.get],
      [p.x, p.bytes.get],
      [p.statistics, op.i32(8)],
    ] as const;
    return [...loop.prepare, ...eachRow(p.rows, pointers, row)];
  },
);

/** Layer norm over rows, its gradient, and that of its scale. Widths are in bytes. */
export const layerNormFunctions: readonly FunctionSource[] = [
  layerNorm,
  layerNormGrad,
  columnSumOfNormalised,
];
