import { type Code, type FunctionSource, op } from '../../../wasm/assembler.ts';
import { c, define, RowLoop, type Variable } from './scope.ts';

const { f32x4Add: add, f32x4Sub: sub, f32x4Mul: mul, f32x4Div: div, f32x4Sqrt: sqrt } = op;

/** See kernels/optimizer-step.ts. */
const adamW = define(
  'adamW',
  {
    p: 'i32',
    g: 'i32',
    out: 'i32',
    m: 'i32',
    v: 'i32',
    bytes: 'i32',
    rate: 'f32',
    decay: 'f32',
    beta1: 'f32',
    beta2: 'f32',
    correction: 'f32',
    epsilon: 'f32',
  },
  (p, scope) => {
    const loop = new RowLoop(scope, p.bytes);
    const [g, m, v] = [scope.local('v128'), scope.local('v128'), scope.local('v128')];
    const splat = (x: Variable) => op.f32Splat(x.get);
    const mixed = (old: Code, fresh: Code, beta: Variable) =>
      add(mul(old, splat(beta)), mul(fresh, sub(c(1), splat(beta))));
    return [
      ...loop.prepare,
      ...loop.each((l) => [
        ...g.set(l.load(p.g)),
        ...m.set(mixed(l.load(p.m), g.get, p.beta1)),
        ...v.set(mixed(l.load(p.v), mul(g.get, g.get), p.beta2)),
        ...l.store(p.m, m.get),
        ...l.store(p.v, v.get),
        ...g.set(
          div(mul(m.get, splat(p.rate)), add(mul(sqrt(v.get), splat(p.correction)), splat(p.epsilon))),
        ),
        ...l.store(p.out, sub(mul(l.load(p.p), splat(p.decay)), g.get)),
      ]),
    ];
  },
);

const momentum = define(
  'momentum',
  { p: 'i32', g: 'i32', out: 'i32', v: 'i32', bytes: 'i32', rate: 'f32', momentum: 'f32' },
  (p, scope) => {
    const loop = new RowLoop(scope, p.bytes);
    const v = scope.local('v128');
    return [
      ...loop.prepare,
      ...loop.each((l) => [
        ...v.set(add(mul(l.load(p.v), op.f32Splat(p.momentum.get)), l.load(p.g))),
        ...l.store(p.v, v.get),
        ...l.store(p.out, sub(l.load(p.p), mul(v.get, op.f32Splat(p.rate.get)))),
      ]),
    ];
  },
);

/** Steps of optimizers over a tensor as one long row. Lengths are in bytes. */
export const optimizerFunctions: readonly FunctionSource[] = [adamW, momentum];
