import { type Code, op } from '../../../wasm/assembler.ts';
import { c, type Scope, type Variable } from './scope.ts';

const { f32x4Add: add, f32x4Sub: sub, f32x4Mul: mul, f32x4Div: div } = op;

/** a0 + x (a1 + x (a2 + ...)) */
const polynomial = (x: Code, [first = 0, ...rest]: readonly number[]): Code =>
  rest.length === 0 ? c(first) : add(c(first), mul(x, polynomial(x, rest)));

/**
 * exp of four values, relative error below 2e-7: 2^n times a Taylor polynomial on [-ln 2 / 2, ln 2 / 2]. Below -87 and
 * above 88 it stays at their exponentials.
 */
export function exp(scope: Scope, value: Code, into: Variable): Code {
  const n = scope.local('v128');
  const log2 = op.f32x4Min(c(88), op.f32x4Max(c(-87), value));
  const scale = op.i32x4ShiftLeft(op.i32x4Add(op.i32x4OfF32x4(n.get), op.i32x4(127, 127, 127, 127)), 23);
  return [
    ...into.set(log2),
    ...n.set(op.f32x4Nearest(mul(into.get, c(Math.LOG2E)))),
    // ln 2 in two parts, the first exact in few bits, so that the difference keeps its digits.
    ...into.set(sub(sub(into.get, mul(n.get, c(0.693359375))), mul(n.get, c(-2.1219444e-4)))),
    ...into.set(mul(polynomial(into.get, [1, 1, 1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720]), scale)),
  ];
}

/** Phi(x), the normal distribution function, through erf by Abramowitz and Stegun 7.1.26 (error below 1e-7). */
export function normalCdf(scope: Scope, x: Variable, gauss: Variable, into: Variable): Code {
  const t = scope.local('v128');
  const sign = op.and(x.get, op.i32x4(-(2 ** 31), -(2 ** 31), -(2 ** 31), -(2 ** 31)));
  const coefficients = [0, 0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429];
  return [
    ...t.set(div(c(1), add(c(1), mul(c(0.3275911 * Math.SQRT1_2), op.f32x4Abs(x.get))))),
    // erf(|x| / sqrt 2) = 1 - p(t) exp(-x^2 / 2)
    ...into.set(sub(c(1), mul(polynomial(t.get, coefficients), gauss.get))),
    ...into.set(mul(c(0.5), add(c(1), op.or(into.get, sign)))),
  ];
}

/** exp(-x^2 / 2) */
export const gaussian = (scope: Scope, x: Variable, into: Variable): Code =>
  exp(scope, mul(mul(x.get, x.get), c(-0.5)), into);

/** tanh(sqrt(2 / pi) (x + 0.044715 x^3)), from 1 - 2 / (exp(2 u) + 1). */
export function innerTanh(scope: Scope, x: Variable, into: Variable): Code {
  const cubic = mul(x.get, add(c(1), mul(c(0.044715), mul(x.get, x.get))));
  return [
    ...exp(scope, mul(c(2 * Math.sqrt(2 / Math.PI)), cubic), into),
    ...into.set(sub(c(1), div(c(2), add(into.get, c(1))))),
  ];
}
