import { type Code, type FunctionSource, op } from '../../../wasm/assembler.ts';
import { gaussian, innerTanh, normalCdf } from './math.ts';
import { c, define, RowLoop, type Scope, type Variable } from './scope.ts';

const { f32x4Add: add, f32x4Sub: sub, f32x4Mul: mul } = op;

/** One long row: y from x, element by element. */
const elementwise = (
  name: string,
  build: (scope: Scope, x: Variable, into: Variable) => Code,
): FunctionSource =>
  define(name, { x: 'i32', y: 'i32', bytes: 'i32' }, (p, scope) => {
    const loop = new RowLoop(scope, p.bytes);
    const [x, y] = [scope.local('v128'), scope.local('v128')];
    return [
      ...loop.prepare,
      ...loop.each((l) => [...x.set(l.load(p.x)), ...build(scope, x, y), ...l.store(p.y, y.get)]),
    ];
  });

/** dx = dy times the slope at x. */
const slope = (name: string, build: (scope: Scope, x: Variable, into: Variable) => Code): FunctionSource =>
  define(name, { x: 'i32', dy: 'i32', dx: 'i32', bytes: 'i32' }, (p, scope) => {
    const loop = new RowLoop(scope, p.bytes);
    const [x, y] = [scope.local('v128'), scope.local('v128')];
    return [
      ...loop.prepare,
      ...loop.each((l) => [
        ...x.set(l.load(p.x)),
        ...build(scope, x, y),
        ...l.store(p.dx, mul(l.load(p.dy), y.get)),
      ]),
    ];
  });

const gelu = elementwise('gelu', (scope, x, y) => {
  const g = scope.local('v128');
  return [...gaussian(scope, x, g), ...normalCdf(scope, x, g, y), ...y.set(mul(x.get, y.get))];
});

const geluGrad = slope('geluGrad', (scope, x, y) => {
  const g = scope.local('v128');
  return [
    ...gaussian(scope, x, g),
    ...normalCdf(scope, x, g, y),
    // Phi(x) + x phi(x)
    ...y.set(add(y.get, mul(mul(x.get, g.get), c(1 / Math.sqrt(2 * Math.PI))))),
  ];
});

const geluTanh = elementwise('geluTanh', (scope, x, y) => [
  ...innerTanh(scope, x, y),
  ...y.set(mul(mul(c(0.5), x.get), add(c(1), y.get))),
]);

const geluTanhGrad = slope('geluTanhGrad', (scope, x, y) => {
  const t = scope.local('v128');
  const inner = mul(c(Math.sqrt(2 / Math.PI)), add(c(1), mul(c(3 * 0.044715), mul(x.get, x.get))));
  const curve = mul(mul(x.get, sub(c(1), mul(t.get, t.get))), inner);
  return [...innerTanh(scope, x, t), ...y.set(mul(c(0.5), add(add(c(1), t.get), curve)))];
});

/** Both forms of GELU and their gradients. Lengths are in bytes. */
export const geluFunctions: readonly FunctionSource[] = [gelu, geluGrad, geluTanh, geluTanhGrad];
