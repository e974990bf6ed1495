import { codeOf } from '../code.ts';
import {
  at,
  type CodeSizes,
  codeSizes,
  type Product,
  range,
  type Sizes,
  sizes,
  starts,
  store,
  type Tile,
} from './matrices.ts';

/** Of a workgroup; they take tiles of the same rows, so that their loads of a are the same. */
const threads = 8;

const tileSides = ({ m, n, perSample }: Sizes) => ({
  rows: perSample === 'm' ? 8 : Math.min(8, m),
  columns: Math.min(8, n),
});

/**
 * One thread a tile of `rows` x `columns` sums in registers, no shared memory: for devices that are threads of a
 * processor.
 */
export function registerTile(p: Product): Tile {
  const own = codeSizes(p);
  const { rows, columns } = tileSides(own);
  return { rows, columns: columns * threads, code: registerCode(own), vectors: { a: false, b: false } };
}

const registerCode = codeOf((p: CodeSizes) => {
  const { aStrides, bStrides, m, n, perSample } = p;
  const { rows, columns } = tileSides(p);
  const wholeRows = perSample !== 'm' && m % rows === 0;
  const rowIndex = (i: number) => (wholeRows ? `m0 + ${i}u` : `min(m0 + ${i}u, m - 1u)`);
  const columnIndex = (j: number) => (n % columns === 0 ? `n0 + ${j}u` : `min(n0 + ${j}u, n - 1u)`);
  return `
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let z = group.z;
  let m0 = group.y * ${rows}u;
  let n0 = (group.x * ${threads}u + local) * ${columns}u;
  ${sizes(p)}
  if (n0 >= n) { return; }
  ${starts(p)}
  ${range(rows)
    .map((i) => `var pa${i} = ${at(aStrides, 'a0', rowIndex(i), '0u')};`)
    .join('\n  ')}
  ${range(columns)
    .map((j) => `var pb${j} = ${at(bStrides, 'b0', '0u', columnIndex(j))};`)
    .join('\n  ')}
  ${range(rows)
    .flatMap((i) => range(columns).map((j) => `var s${i}_${j} = 0.0;`))
    .join(' ')}
  for (var i = 0u; i < k; i++) {
    ${range(rows)
      .map((i) => `let a${i} = a[pa${i} + i * ${aStrides.column}u];`)
      .join(' ')}
    ${range(columns)
      .map((j) => `let b${j} = b[pb${j} + i * ${bStrides.row}u];`)
      .join(' ')}
    ${range(rows)
      .flatMap((i) => range(columns).map((j) => `s${i}_${j} += a${i} * b${j};`))
      .join(' ')}
  }
  ${range(rows)
    .flatMap((i) =>
      range(columns).map((j) => {
        const inside = [
          ...(wholeRows ? [] : [`m0 + ${i}u < m`]),
          ...(n % columns === 0 ? [] : [`n0 + ${j}u < n`]),
        ];
        const stored = store(p, `s${i}_${j}`, `m0 + ${i}u`, `n0 + ${j}u`);
        return inside.length > 0 ? `if (${inside.join(' && ')}) { ${stored} }` : stored;
      }),
    )
    .join('\n  ')}
}`;
});
