import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type Attributes, elements, type Infos, input, numberOf } from '../attributes.ts';
import type { GpuBackend, GpuKernel } from './backend.ts';
import { codeOf } from './code.ts';
import { type Binding, reads, runPass, writes } from './pass.ts';
import { groupsFor } from './wgsl.ts';

/** What one element's step reads and writes. */
interface Rule {
  /** State tensors a parameter. */
  readonly states: number;
  /** The numbers of its pace, in their order. */
  readonly numbers: readonly string[];
  /**
   * WGSL that reads the gradient `g` and the value `p`, and sets `p`; the state is written through `state(k)`. `decay`:
   * whether the parameter decays.
   */
  readonly step: (state: (k: number) => string, decay: boolean) => string;
}

const rules = {
  AdamW: {
    states: 2,
    numbers: ['rate', 'decay', 'beta1', 'beta2', 'correction', 'epsilon'],
    step: (state, decay) => `
    let m = beta1 * ${state(0)} + (1.0 - beta1) * g;
    let v = beta2 * ${state(1)} + (1.0 - beta2) * g * g;
    ${state(0)} = m;
    ${state(1)} = v;
    p = ${decay ? 'p * decay' : 'p'} - rate * m / (sqrt(v) * correction + epsilon);`,
  },
  momentum: {
    states: 1,
    numbers: ['rate', 'momentum'],
    step: (state) => `
    let v = momentum * ${state(0)} + g;
    ${state(0)} = v;
    p -= rate * v;`,
  },
} as const satisfies Record<string, Rule>;
type RuleName = keyof typeof rules;

/** See kernels/optimizer-step.ts, whose contract this is. */
export const adamW: GpuKernel = ({ inputs, attrs, backend }) => update(backend, inputs, attrs, 'AdamW');
/** The same for momentum. */
export const momentum: GpuKernel = ({ inputs, attrs, backend }) => update(backend, inputs, attrs, 'momentum');

interface Item {
  readonly parameter: TensorInfo;
  readonly gradient: TensorInfo;
  /** Null where the result takes over the gradient's buffer. */
  readonly out: TensorInfo | null;
  readonly states: readonly TensorInfo[];
  readonly count: number;
  readonly decay: boolean;
}

/** All parameters in as few passes as the device's limit on bound buffers allows. */
function update(backend: GpuBackend, inputs: Infos, attrs: Attributes, rule: RuleName): TensorInfo[] {
  const results: TensorInfo[] = [];
  const items: Item[] = [];
  const { states } = rules[rule];
  const pace = input(inputs, 'pace');
  for (let k = 0; k < numberOf(attrs, 'count'); k++) {
    const parameter = input(inputs, `p${k}`);
    const gradient = input(inputs, `g${k}`);
    // The result takes over the gradient's buffer, unless another tensor shares it.
    const inPlace = backend.refCount(gradient.dataId) === 1;
    const out = inPlace ? null : backend.makeTensorInfo(parameter.shape, 'float32');
    if (inPlace) backend.incRef(gradient.dataId);
    results.push({ dataId: (out ?? gradient).dataId, shape: parameter.shape, dtype: 'float32' });
    const count = elements(parameter.shape);
    if (count === 0) continue;
    items.push({
      parameter,
      gradient,
      out,
      states: Array.from({ length: states }, (_, j) => input(inputs, `s${k}_${j}`)),
      count,
      decay: attrs[`decay${k}`] === true,
    });
  }
  for (const group of grouped(items, backend.device.limits.maxStorageBuffersPerShaderStage - 1)) {
    runPass(backend, {
      label: rule,
      bindings: [reads('pace', pace), ...group.flatMap(bindingsOf)],
      code: updateCode({
        rule,
        items: group.map(({ count, decay, out }) => ({ count, decay, inPlace: out === null })),
      }),
      groups: groupsFor(group.reduce((n, { count }) => n + Math.ceil(count / threads), 0)),
    });
  }
  return results;
}

/** Numbered within their pass, so that passes over tensors of the same sizes are the same. */
function bindingsOf({ parameter, gradient, out, states }: Item, k: number): Binding[] {
  return [
    reads(`p${k}`, parameter),
    ...(out === null ? [writes(`g${k}`, gradient)] : [reads(`g${k}`, gradient), writes(`o${k}`, out)]),
    ...states.map((state, j) => writes(`s${k}_${j}`, state)),
  ];
}

const threads = 64;

function* grouped(items: readonly Item[], limit: number): Iterable<Item[]> {
  let group: Item[] = [];
  let bound = 0;
  for (const item of items) {
    const buffers = 2 + (item.out === null ? 0 : 1) + item.states.length;
    if (bound + buffers > limit) {
      yield group;
      group = [];
      bound = 0;
    }
    group.push(item);
    bound += buffers;
  }
  if (group.length > 0) yield group;
}

interface ItemCode {
  readonly count: number;
  readonly decay: boolean;
  readonly inPlace: boolean;
}

/** Each item has workgroups of its own, so that a workgroup never branches. */
const updateCode = codeOf(({ rule, items }: { rule: RuleName; items: readonly ItemCode[] }) => {
  let first = 0;
  const cases = items.map(({ count, decay, inPlace }, k) => {
    const start = first;
    first += Math.ceil(count / threads);
    return `if (index < ${first}u) {
    let i = (index - ${start}u) * ${threads}u + local;
    if (i >= ${count}u) { return; }
    let g = g${k}[i];
    var p = p${k}[i];
    ${rules[rule].step((j) => `s${k}_${j}[i]`, decay)}
    ${inPlace ? 'g' : 'o'}${k}[i] = p;
  }`;
  });
  return `
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  ${rules[rule].numbers.map((name, i) => `let ${name} = pace[${i}];`).join(' ')}
  let index = group.y * groups.x + group.x;
  ${cases.join(' else ')}
}`;
});
