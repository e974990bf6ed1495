import type { TensorInfo } from '@tensorflow/tfjs-core';
import { input, numberOf, rowsOf } from '../attributes.ts';
import { type GpuBackend, type GpuKernel, isSoftware } from './backend.ts';
import { codeOf, type Parameters } from './code.ts';
import { type Binding, reads, runPass, writes } from './pass.ts';
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

/** dy (..., D), x (..., D) and its statistics -> the gradients by scale and shift, (D) each. */
export const layerNormGradParameters: GpuKernel = ({ inputs, backend }) => {
  const dy = input(inputs, 'dy');
  const { width } = rowsOf(dy);
  const [scale, shift] = [0, 1].map(() => backend.makeTensorInfo([width], 'float32'));
  const read = [reads('x', input(inputs, 'x')), reads('statistics', input(inputs, 'statistics'))];
  sumColumns(backend, 'layer norm, gradient by scale and shift', dy, read, [
    { out: scale!, term: 'dy[i] * (x[i] - statistics[2u * row]) * statistics[2u * row + 1u]' },
    { out: shift!, term: 'dy[i]' },
  ]);
  return [scale!, shift!];
};

/** Sums of dy over rows, (..., D) -> (D). */
export function columnSum(backend: GpuBackend, dy: TensorInfo): TensorInfo {
  const out = backend.makeTensorInfo([rowsOf(dy).width], 'float32');
  sumColumns(backend, 'column sum', dy, [], [{ out, term: 'dy[i]' }]);
  return out;
}

interface ColumnSum {
  /** (D) */
  readonly out: TensorInfo;
  /** WGSL of what is added up: sees `row` and the element's index `i`. */
  readonly term: string;
}

function sumColumns(
  backend: GpuBackend,
  label: string,
  dy: TensorInfo,
  read: readonly Binding[],
  sums: readonly ColumnSum[],
): void {
  const { width } = rowsOf(dy);
  if (width === 0) return;
  runPass(backend, {
    label,
    bindings: [reads('dy', dy), ...read, ...sums.map(({ out }, k) => writes(`sums${k}`, out))],
    code: columnSumCode({
      width,
      terms: sums.map(({ term }) => term),
      lanes: isSoftware(backend) ? 1 : columnLanes,
    }),
    groups: groupsFor(Math.ceil(width / columns)),
  });
}

/** Columns of a workgroup: 32 bytes of a row, the least that a graphics card reads. */
const columns = 8;
/** Threads that share a column: few rows each, since a sum waits for the one before it. */
const columnLanes = 32;
/** Sums of a thread that do not wait for each other. */
const chains = [0, 1, 2, 3];

const columnSumCode = codeOf(
  ({ width, terms, lanes }: { width: number; terms: readonly string[]; lanes: number }) => {
    const ahead = (chains.length - 1) * lanes;
    const addRow = (chain: number, row: string) =>
      `{ let row = ${row}; let i = row * ${width}u + c; ${terms.map((t, k) => `sum${k}_${chain} += ${t};`).join(' ')} }`;
    const each = (line: (k: number) => string) => terms.map((_, k) => line(k)).join(' ');
    return `
${each((k) => `var<workgroup> partial${k}: array<f32, ${columns * lanes}>;`)}
@compute @workgroup_size(${columns}, ${lanes})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_id) local: vec3<u32>) {
  let c = (group.y * groups.x + group.x) * ${columns}u + local.x;
  let rows = arrayLength(&dy) / ${width}u;
  ${each((k) => chains.map((chain) => `var sum${k}_${chain} = 0.0;`).join(' '))}
  if (c < ${width}u) {
    var first = local.y;
    for (; first + ${ahead}u < rows; first += ${chains.length * lanes}u) {
      ${chains.map((chain) => addRow(chain, `first + ${chain * lanes}u`)).join('\n      ')}
    }
    for (; first < rows; first += ${lanes}u) ${addRow(0, 'first')}
  }
  let slot = local.y * ${columns}u + local.x;
  ${each((k) => `partial${k}[slot] = (sum${k}_0 + sum${k}_1) + (sum${k}_2 + sum${k}_3);`)}
  ${
    lanes > 1
      ? `workgroupBarrier();
  for (var s = ${lanes / 2}u; s > 0u; s = s >> 1u) {
    if (local.y < s) { ${each((k) => `partial${k}[slot] += partial${k}[slot + s * ${columns}u];`)} }
    workgroupBarrier();
  }`
      : ''
  }
  if (local.y == 0u && c < ${width}u) { ${each((k) => `sums${k}[c] = partial${k}[local.x];`)} }
}`;
  },
);
