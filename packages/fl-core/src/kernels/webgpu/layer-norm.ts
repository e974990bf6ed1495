import { elements, input, numberOf, rowsOf } from '../attributes.ts';
import { type GpuBackend, type GpuKernel, isSoftware } from './backend.ts';
import { codeOf, type Parameters } from './code.ts';
import { reads, runPass, writes } from './pass.ts';
import { eachColumn, eachRow, float, groupsFor, type RowWorker, rowGroups } from './wgsl.ts';

/** Columns from which the threads of a small workgroup would each have a long way to go. */
const wide = 1024;

export function rowWorker(backend: GpuBackend, width: number): RowWorker {
  if (isSoftware(backend)) return 'thread';
  return width < wide ? 'group' : 'large-group';
}

interface Rows extends Parameters {
  readonly worker: RowWorker;
  readonly width: number;
}

const normCode = codeOf(({ worker, width, epsilon }: Rows & { readonly epsilon: number }) =>
  eachRow(
    worker,
    'x',
    width,
    `
  var sum = 0.0;
  ${eachColumn(width, 'sum += x[i];')}
  let mean = sumOf(sum, t) / ${float(width)};
  var squares = 0.0;
  ${eachColumn(width, 'let d = x[i] - mean; squares += d * d;')}
  let inverse = inverseSqrt(sumOf(squares, t) / ${float(width)} + ${float(epsilon)});
  ${eachColumn(width, 'y[i] = (x[i] - mean) * inverse * scale[c] + shift[c];')}
  if (t == 0u) { statistics[2u * row] = mean; statistics[2u * row + 1u] = inverse; }`,
  ),
);

/** x (..., D), scale (D), shift (D) -> y (..., D) and its rows' means and inverse deviations (rows, 2). */
export const layerNorm: GpuKernel = ({ inputs, attrs, backend }) => {
  const x = input(inputs, 'x');
  const { rows, width } = rowsOf(x);
  const y = backend.makeTensorInfo(x.shape, 'float32');
  const statistics = backend.makeTensorInfo([rows, 2], 'float32');
  const worker = rowWorker(backend, width);
  if (rows > 0) {
    runPass(backend, {
      label: 'layer norm',
      bindings: [
        reads('x', x),
        reads('scale', input(inputs, 'scale')),
        reads('shift', input(inputs, 'shift')),
        writes('y', y),
        writes('statistics', statistics),
      ],
      code: normCode({ worker, width, epsilon: numberOf(attrs, 'epsilon') }),
      groups: rowGroups(worker, rows),
    });
  }
  return [y, statistics];
};

const gradientCode = codeOf(({ worker, width }: Rows) =>
  eachRow(
    worker,
    'x',
    width,
    `
  let mean = statistics[2u * row];
  let inverse = statistics[2u * row + 1u];
  var sum = 0.0;
  var products = 0.0;
  ${eachColumn(width, 'let q = dy[i] * scale[c]; sum += q; products += q * (x[i] - mean) * inverse;')}
  let a = sumOf(sum, t) / ${float(width)};
  let b = sumOf(products, t) / ${float(width)};
  ${eachColumn(width, 'dx[i] = inverse * (dy[i] * scale[c] - a - (x[i] - mean) * inverse * b);')}`,
  ),
);

/** The gradient by x: with q = dy * scale and z = (x - mean) / deviation, (q - mean(q) - z mean(q z)) / deviation. */
export const layerNormGradInput: GpuKernel = ({ inputs, backend }) => {
  const x = input(inputs, 'x');
  const { rows, width } = rowsOf(x);
  const dx = backend.makeTensorInfo(x.shape, 'float32');
  const worker = rowWorker(backend, width);
  if (rows > 0) {
    runPass(backend, {
      label: 'layer norm, gradient by x',
      bindings: [
        reads('x', x),
        reads('scale', input(inputs, 'scale')),
        reads('statistics', input(inputs, 'statistics')),
        reads('dy', input(inputs, 'dy')),
        writes('dx', dx),
      ],
      code: gradientCode({ worker, width }),
      groups: rowGroups(worker, rows),
    });
  }
  return dx;
};

/** Sums over rows, (..., D) -> (D): of dy alone, or of dy times the normalised x (the gradient by a norm's scale). */
export const columnSum: GpuKernel = ({ inputs, backend }) => {
  const dy = input(inputs, 'dy');
  const { x, statistics } = inputs;
  const { width } = rowsOf(dy);
  const sums = backend.makeTensorInfo([width], 'float32');
  const normalised = x !== undefined && statistics !== undefined;
  const extra = normalised ? [reads('x', x), reads('statistics', statistics)] : [];
  if (elements(sums.shape) > 0) {
    runPass(backend, {
      label: 'column sum',
      bindings: [reads('dy', dy), ...extra, writes('sums', sums)],
      code: columnSumCode({ width, normalised, lanes: isSoftware(backend) ? 1 : columnLanes }),
      groups: groupsFor(Math.ceil(width / columns)),
    });
  }
  return sums;
};

/** Columns of a workgroup: 32 bytes of a row, the least that a graphics card reads. */
const columns = 8;
/** Threads that share a column: few rows each, since a sum waits for the one before it. */
const columnLanes = 32;
/** Sums of a thread that do not wait for each other. */
const chains = 4;

const columnSumCode = codeOf(
  ({ width, normalised, lanes }: { width: number; normalised: boolean; lanes: number }) => {
    const term = normalised ? 'dy[i] * (x[i] - statistics[2u * row]) * statistics[2u * row + 1u]' : 'dy[i]';
    const chain = Array.from({ length: chains }, (_, k) => k);
    return `
var<workgroup> partial: array<f32, ${columns * lanes}>;
@compute @workgroup_size(${columns}, ${lanes})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_id) local: vec3<u32>) {
  let c = (group.y * groups.x + group.x) * ${columns}u + local.x;
  let rows = arrayLength(&dy) / ${width}u;
  ${chain.map((k) => `var sum${k} = 0.0;`).join(' ')}
  if (c < ${width}u) {
    var first = local.y;
    for (; first + ${(chains - 1) * lanes}u < rows; first += ${chains * lanes}u) {
      ${chain
        .map((k) => `{ let row = first + ${k * lanes}u; let i = row * ${width}u + c; sum${k} += ${term}; }`)
        .join('\n      ')}
    }
    for (var row = first; row < rows; row += ${lanes}u) { let i = row * ${width}u + c; sum0 += ${term}; }
  }
  let slot = local.y * ${columns}u + local.x;
  partial[slot] = (sum0 + sum1) + (sum2 + sum3);
  ${
    lanes > 1
      ? `workgroupBarrier();
  for (var s = ${lanes / 2}u; s > 0u; s = s >> 1u) {
    if (local.y < s) { partial[slot] += partial[slot + s * ${columns}u]; }
    workgroupBarrier();
  }`
      : ''
  }
  if (local.y == 0u && c < ${width}u) { sums[c] = partial[local.x]; }
}`;
  },
);
