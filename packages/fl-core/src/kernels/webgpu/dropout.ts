import { elements, input, numberOf } from '../attributes.ts';
import type { GpuKernel } from './backend.ts';
import { codeOf } from './code.ts';
import { reads, runPass, writes } from './pass.ts';
import { eachElement, elementGroups, float } from './wgsl.ts';

/** The numbers of models/blocks/dropout.ts: the same seed drops the same elements on every backend. */
const bits = `
fn bits(i: u32) -> u32 {
  var h = i * 0x9e3779b9u + u.seed;
  h = (h ^ (h >> 16u)) * 0x7feb352du;
  h = (h ^ (h >> 15u)) * 0x846ca68bu;
  return h ^ (h >> 16u);
}`;

const dropoutCode = codeOf(({ rate, threshold }: { rate: number; threshold: number }) =>
  eachElement('x', `y[i] = select(0.0, x[i] * ${float(1 / (1 - rate))}, bits(i) >= ${threshold}u);`, bits),
);

/** x, or 0 with the probability `rate`, divided by 1 - rate; its own gradient. */
export const dropout: GpuKernel = ({ inputs, attrs, backend }) => {
  const x = input(inputs, 'x');
  const rate = numberOf(attrs, 'rate');
  const count = elements(x.shape);
  const y = backend.makeTensorInfo(x.shape, 'float32');
  if (count > 0) {
    const threshold = Math.floor(rate * 2 ** 32);
    runPass(backend, {
      label: 'dropout',
      bindings: [reads('x', x), writes('y', y)],
      uniforms: [['seed', { type: 'uint32', data: [numberOf(attrs, 'seed') >>> 0] }]],
      code: dropoutCode({ rate, threshold }),
      groups: elementGroups(count),
    });
  }
  return y;
};
