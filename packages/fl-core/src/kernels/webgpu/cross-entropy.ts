import { input, rowsOf } from '../attributes.ts';
import type { GpuKernel } from './backend.ts';
import { codeOf, type Parameters } from './code.ts';
import { rowWorker } from './layer-norm.ts';
import { reads, runPass, writes } from './pass.ts';
import { eachColumn, eachRow, lowest, type RowWorker, rowGroups } from './wgsl.ts';

/** The logarithm of a row's sum of exponentials, as `level`. */
const logSum = (width: number): string => `
  var highest = ${lowest};
  ${eachColumn(width, 'highest = max(highest, logits[i]);')}
  let top = maxOf(highest, t);
  var exponentials = 0.0;
  ${eachColumn(width, 'exponentials += exp(logits[i] - top);')}
  let level = top + log(sumOf(exponentials, t));`;

interface Rows extends Parameters {
  readonly worker: RowWorker;
  readonly width: number;
}

const lossCode = codeOf(({ worker, width }: Rows) =>
  eachRow(
    worker,
    'logits',
    width,
    `${logSum(width)}
  if (t == 0u) {
    let label = labels[row];
    each[row] = select(0.0, level - logits[start + u32(max(label, 0))], label >= 0);
  }`,
  ),
);

const meanCode = codeOf(({ worker }: Pick<Rows, 'worker'>) =>
  eachRow(
    worker,
    'each',
    'arrayLength(&each)',
    `
  var sum = 0.0;
  ${eachColumn('arrayLength(&each)', 'sum += each[i];')}
  let total = sumOf(sum, t);
  if (t == 0u) { mean[0] = total / f32(arrayLength(&each)); }`,
  ),
);

const gradientCode = codeOf(({ worker, width }: Rows) =>
  eachRow(
    worker,
    'logits',
    width,
    `${logSum(width)}
  let label = labels[row];
  let factor = select(0.0, dy[0] / f32(arrayLength(&labels)), label >= 0);
  ${eachColumn(width, 'dx[i] = factor * (exp(logits[i] - level) - select(0.0, 1.0, i32(c) == label));')}`,
  ),
);

/**
 * Logits (B, C) and labels (B), classes in [0, C) -> mean of minus the labels' log-probabilities, scalar. The label -1
 * stands for a row that adds nothing; it is one of the B all the same.
 */
export const crossEntropy: GpuKernel = ({ inputs, backend }) => {
  const logits = input(inputs, 'logits');
  const { rows, width } = rowsOf(logits);
  const each = backend.makeTensorInfo([rows], 'float32');
  const mean = backend.makeTensorInfo([], 'float32');
  const worker = rowWorker(backend, width);
  runPass(backend, {
    label: 'cross-entropy',
    bindings: [reads('logits', logits), reads('labels', input(inputs, 'labels')), writes('each', each)],
    code: lossCode({ worker, width }),
    groups: rowGroups(worker, rows),
  });
  runPass(backend, {
    label: 'cross-entropy, mean',
    bindings: [reads('each', each), writes('mean', mean)],
    code: meanCode({ worker }),
    groups: rowGroups(worker, 1),
  });
  backend.disposeData(each.dataId);
  return mean;
};

/** dy (softmax - one-hot) / B, (B, C); 0 in rows of the label -1. */
export const crossEntropyGrad: GpuKernel = ({ inputs, backend }) => {
  const logits = input(inputs, 'logits');
  const { rows, width } = rowsOf(logits);
  const out = backend.makeTensorInfo(logits.shape, 'float32');
  const worker = rowWorker(backend, width);
  runPass(backend, {
    label: 'cross-entropy, gradient',
    bindings: [
      reads('logits', logits),
      reads('labels', input(inputs, 'labels')),
      reads('dy', input(inputs, 'dy')),
      writes('dx', out),
    ],
    code: gradientCode({ worker, width }),
    groups: rowGroups(worker, rows),
  });
  return out;
};
