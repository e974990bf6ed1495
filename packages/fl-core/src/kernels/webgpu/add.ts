import { util } from '@tensorflow/tfjs-core';
import { elements, input } from '../attributes.ts';
import type { GpuKernel } from './backend.ts';
import { codeOf } from './code.ts';
import { reads, runPass, writes } from './pass.ts';
import { eachElement, elementGroups, vectorsOf } from './wgsl.ts';

const sumCode = codeOf(() => eachElement('a', 'y[i] = a[i] + b[i];'));

/** Sums of activations and of gradients: of equal shapes, without the shapes that tfjs sends along with each. */
export const add: GpuKernel = ({ inputs, backend, otherwise }) => {
  const [a, b] = [input(inputs, 'a'), input(inputs, 'b')];
  const count = elements(a.shape);
  const floats = [a, b].every(({ dataId }) => backend.tensorMap.get(dataId).dtype === 'float32');
  if (!floats || count === 0 || !util.arraysEqual(a.shape, b.shape)) return otherwise();
  const y = backend.makeTensorInfo(a.shape, 'float32');
  const { vectors, items } = vectorsOf(count);
  runPass(backend, {
    label: 'add',
    bindings: [reads('a', a, vectors), reads('b', b, vectors), writes('y', y, vectors)],
    code: sumCode({}),
    groups: elementGroups(items),
  });
  return y;
};
