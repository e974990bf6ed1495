import { elements, input, numberOf } from '../attributes.ts';
import type { GpuKernel } from './backend.ts';
import { codeOf } from './code.ts';
import { reads, runPass, writes } from './pass.ts';
import { eachElement, elementGroups, groupsFor } from './wgsl.ts';

const rowsCode = codeOf(({ width }: { width: number }) =>
  eachElement('y', `y[i] = rows[u32(ids[i / ${width}u]) * ${width}u + i % ${width}u];`),
);

/** Rows of a table: table (V, D), ids (...) below V -> (..., D). */
export const embedding: GpuKernel = ({ inputs, backend }) => {
  const table = input(inputs, 'table');
  const ids = input(inputs, 'ids');
  const width = table.shape[1] ?? 0;
  const out = backend.makeTensorInfo([...ids.shape, width], 'float32');
  const count = elements(out.shape);
  if (count > 0) {
    runPass(backend, {
      label: 'embedding',
      bindings: [reads('rows', table), reads('ids', ids), writes('y', out)],
      code: rowsCode({ width }),
      groups: elementGroups(count),
    });
  }
  return out;
};

const zeros = codeOf(() => eachElement('sums', 'sums[i] = 0.0;'));

const gradientCode = codeOf(
  ({ width }: { width: number }) => `
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) t: u32) {
  let place = group.y * groups.x + group.x;
  if (place >= arrayLength(&ids)) { return; }
  let id = u32(ids[place]);
  for (var before = 0u; before < place; before++) { if (u32(ids[before]) == id) { return; } }
  for (var c = t; c < ${width}u; c += 64u) {
    var sum = 0.0;
    for (var other = place; other < arrayLength(&ids); other++) {
      if (u32(ids[other]) == id) { sum += dy[other * ${width}u + c]; }
    }
    sums[id * ${width}u + c] = sum;
  }
}`,
);

/**
 * ids (...) and dy (..., D) -> the gradient by the table, (V, D). WGSL has no atomic addition of floats: the first
 * place that an id stands at adds up the gradients of all its places, in their order, so that the sum is always
 * the same.
 */
export const embeddingGrad: GpuKernel = ({ inputs, attrs, backend }) => {
  const ids = input(inputs, 'ids');
  const dy = input(inputs, 'dy');
  const width = dy.shape.at(-1) ?? 0;
  const rows = numberOf(attrs, 'rows');
  const places = elements(ids.shape);
  const out = backend.makeTensorInfo([rows, width], 'float32');
  const count = rows * width;
  if (count === 0) return out;
  runPass(backend, {
    label: 'embedding, zeros',
    bindings: [writes('sums', out)],
    code: zeros({}),
    groups: elementGroups(count),
  });
  if (places === 0) return out;
  runPass(backend, {
    label: 'embedding, gradient',
    bindings: [reads('ids', ids), reads('dy', dy), writes('sums', out)],
    code: gradientCode({ width }),
    groups: groupsFor(places),
  });
  return out;
};
