import { elements, input } from '../attributes.ts';
import type { GpuKernel } from './backend.ts';
import { codeOf, type Parameters } from './code.ts';
import { reads, runPass, writes } from './pass.ts';
import { eachElement, elementGroups, vectorsOf } from './wgsl.ts';

/** WGSL of the two forms of GELU: its value and its slope. */
const forms = {
  /** erf by Abramowitz and Stegun 7.1.26, absolute error below 1.5e-7. */
  erf: `
fn erf(v: f32) -> f32 {
  let z = abs(v);
  let t = 1.0 / (1.0 + 0.3275911 * z);
  let p = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return sign(v) * (1.0 - p * exp(-z * z));
}
fn value(v: f32) -> f32 { return 0.5 * v * (1.0 + erf(v * 0.70710678)); }
fn slope(v: f32) -> f32 { return 0.5 * (1.0 + erf(v * 0.70710678)) + v * 0.39894228 * exp(-0.5 * v * v); }`,
  // tanh overflows in some drivers beyond about 44, where it is 1 anyway.
  tanh: `
fn inner(v: f32) -> f32 { return tanh(clamp(0.7978845608 * (v + 0.044715 * v * v * v), -15.0, 15.0)); }
fn value(v: f32) -> f32 { return 0.5 * v * (1.0 + inner(v)); }
fn slope(v: f32) -> f32 {
  let t = inner(v);
  return 0.5 * (1.0 + t) + 0.5 * v * (1.0 - t * t) * 0.7978845608 * (1.0 + 0.134145 * v * v);
}`,
};

interface Form extends Parameters {
  readonly form: string;
  readonly vectors: boolean;
}

const helpers = (form: string): string => (form === 'tanh' ? forms.tanh : forms.erf);

/** A function of one number for all numbers of element `i` of `x`. */
const ofEach = (name: string, vectors: boolean): string =>
  vectors ? `vec4(${['x', 'y', 'z', 'w'].map((k) => `${name}(x[i].${k})`).join(', ')})` : `${name}(x[i])`;

const geluCode = codeOf(({ form, vectors }: Form) =>
  eachElement('x', `y[i] = ${ofEach('value', vectors)};`, helpers(form)),
);
const gradientCode = codeOf(({ form, vectors }: Form) =>
  eachElement('x', `dx[i] = dy[i] * ${ofEach('slope', vectors)};`, helpers(form)),
);

export const gelu: GpuKernel = ({ inputs, attrs, backend }) => {
  const x = input(inputs, 'x');
  const count = elements(x.shape);
  const y = backend.makeTensorInfo(x.shape, 'float32');
  const { vectors, items } = vectorsOf(count);
  if (count > 0) {
    runPass(backend, {
      label: 'gelu',
      bindings: [reads('x', x, vectors), writes('y', y, vectors)],
      code: geluCode({ form: String(attrs.form), vectors }),
      groups: elementGroups(items),
    });
  }
  return y;
};

export const geluGrad: GpuKernel = ({ inputs, attrs, backend }) => {
  const x = input(inputs, 'x');
  const count = elements(x.shape);
  const dx = backend.makeTensorInfo(x.shape, 'float32');
  const { vectors, items } = vectorsOf(count);
  if (count > 0) {
    runPass(backend, {
      label: 'gelu, gradient',
      bindings: [
        reads('x', x, vectors),
        reads('dy', input(inputs, 'dy'), vectors),
        writes('dx', dx, vectors),
      ],
      code: gradientCode({ form: String(attrs.form), vectors }),
      groups: elementGroups(items),
    });
  }
  return dx;
};
