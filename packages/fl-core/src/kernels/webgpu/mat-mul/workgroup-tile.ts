import { defect } from '../../defect.ts';
import { codeOf } from '../code.ts';
import {
  at,
  type CodeSizes,
  codeSizes,
  type Product,
  range,
  sizes,
  starts,
  store,
  type Tile,
} from './matrices.ts';

/** How a workgroup divides its part of a product among threads. */
export interface TileShape {
  /** Of the result, a workgroup. */
  readonly rows: number;
  readonly columns: number;
  /** Of K in shared memory at a time; a multiple of 4. */
  readonly depth: number;
  /** Of the result, a thread; multiples of 4. */
  readonly threadRows: number;
  readonly threadColumns: number;
}

/** An operand in shared memory, in vectors of four along the axis that is contiguous in its buffer. */
interface Strip {
  readonly name: 'a' | 'b';
  /** Its rows (a) or columns (b) in the workgroup's part, and in a thread's. */
  readonly side: number;
  readonly threadSide: number;
  /** Whether vectors run along K. */
  readonly alongDepth: boolean;
  /** Vectors from one line to the next; lines are places of the side when vectors run along K, else places of K. */
  readonly pitch: number;
  /** Vectors of a line, and lines. */
  readonly width: number;
  readonly lines: number;
  /** Whether the buffer can be read four elements at a time. */
  readonly vector: boolean;
}

/**
 * A tile of sums in the registers of each thread, from strips of both operands in shared memory: for devices that are
 * graphics cards. Each strip keeps the order of its buffer, so that loads run along the contiguous axis and nothing is
 * transposed; the next strips are on their way from memory while the current ones are multiplied. Every sum is taken
 * in the order of K by one thread, so that tiles of any shape give the same bits.
 */
export function workgroupTile(p: Product, shape: TileShape): Tile {
  const own = codeSizes(p);
  const { rows, columns } = shape;
  const { a, b } = stripsOf(own, shape);
  return { rows, columns, code: workgroupCode({ ...own, shape }), vectors: { a: a.vector, b: b.vector } };
}

const stripsOf = (p: CodeSizes, { rows, columns, depth, threadRows, threadColumns }: TileShape) => ({
  a: stripOf('a', p, rows, threadRows, depth),
  b: stripOf('b', p, columns, threadColumns, depth),
});

const workgroupCode = codeOf(({ shape, ...p }: CodeSizes & { readonly shape: TileShape }) => {
  const { rows, columns, depth, threadRows, threadColumns } = shape;
  const across = columns / threadColumns;
  const threads = (rows / threadRows) * across;
  const { a, b } = stripsOf(p, shape);
  return `
var<workgroup> strip_a: array<vec4<f32>, ${a.pitch * a.lines}>;
var<workgroup> strip_b: array<vec4<f32>, ${b.pitch * b.lines}>;
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let z = group.z;
  let m0 = group.y * ${rows}u;
  let n0 = group.x * ${columns}u;
  let down = local / ${across}u;
  let across = local % ${across}u;
  ${sizes(p, a.vector)}
  ${starts(p)}
  ${range(threadRows)
    .flatMap((i) => range(threadColumns).map((j) => `var s${i}_${j} = 0.0;`))
    .join(' ')}
  ${p.sums === null ? '' : 'var summed = vec4(0.0);'}
  ${places(a, threads)}
  ${places(b, threads)}
  ${loads(a, p, threads, 'var', '0u', depth)}
  ${loads(b, p, threads, 'var', '0u', depth)}
  for (var k0 = 0u; k0 < k; k0 += ${depth}u) {
    ${stores(a, threads)}
    ${stores(b, threads)}
    ${p.sums === null ? '' : addedUp(p.sums === 'a' ? a : b, threads)}
    workgroupBarrier();
    if (k0 + ${depth}u < k) {
      let k1 = k0 + ${depth}u;
      ${loads(a, p, threads, 'set', 'k1', depth)}
      ${loads(b, p, threads, 'set', 'k1', depth)}
    }
    for (var d = 0u; d < ${depth / 4}u; d++) {
      ${multiply(a, b)}
    }
    workgroupBarrier();
  }
  ${writes(p, a, b)}
  ${p.sums === null ? '' : writesSums(p.sums === 'a' ? a : b, threads)}
}`;
});

function stripOf(name: 'a' | 'b', p: CodeSizes, side: number, threadSide: number, depth: number): Strip {
  const strides = name === 'a' ? p.aStrides : p.bStrides;
  const [alongK, alongSide] = name === 'a' ? [strides.column, strides.row] : [strides.row, strides.column];
  // A side of one element lies along both.
  const alongDepth = alongK === 1 && !(alongSide === 1 && p.sums === name);
  const extent = alongDepth ? p.k : name === 'a' ? p.m : p.n;
  const other = alongDepth ? alongSide : alongK;
  const vector =
    (alongDepth || alongSide === 1) &&
    // A size that follows the number of samples need not be whole vectors.
    !(p.perSample === (alongDepth ? 'k' : 'm') && (alongDepth || name === 'a')) &&
    [extent, other, strides.base ?? 0, strides.outer ?? 0, strides.inner ?? 0].every((n) => n % 4 === 0);
  const [width, lines] = alongDepth ? [depth / 4, side] : [side / 4, depth];
  // One vector more a line: neighbouring threads read lines of the same place, from banks of their own then.
  const pitch = alongDepth ? width + 1 : width;
  return { name, side, threadSide, alongDepth, pitch, width, lines, vector };
}

/** The vectors that a thread brings into shared memory, a round: how many rounds there are. */
const rounds = (s: Strip, threads: number): number => Math.ceil((s.width * s.lines) / threads);

/** Line and place in it of the vector that this thread brings in each round. */
const places = (s: Strip, threads: number): string =>
  range(rounds(s, threads))
    .map((r) => {
      const slot = `local + ${r * threads}u`;
      return `let ${s.name}_line${r} = (${slot}) / ${s.width}u; let ${s.name}_at${r} = (${slot}) % ${s.width}u;`;
    })
    .join('\n  ');

/** Whether every thread has a vector in this round. */
const fills = (s: Strip, r: number, threads: number): boolean => (r + 1) * threads <= s.width * s.lines;

/**
 * Reads the vectors of the strips at K = `k` into registers. Beyond the side's end the last line stands in, whose
 * results are not kept; beyond K there are zeros.
 */
function loads(
  s: Strip,
  p: CodeSizes,
  threads: number,
  how: 'var' | 'set',
  k: string,
  depth: number,
): string {
  const strides = s.name === 'a' ? p.aStrides : p.bStrides;
  const [first, limit] = s.name === 'a' ? ['m0', 'm'] : ['n0', 'n'];
  const sideEnds = s.name === 'a' ? p.perSample !== 'm' && p.m % s.side === 0 : p.n % s.side === 0;
  const depthEnds = p.perSample !== 'k' && p.k % depth === 0;
  const index = (side: string, deep: string) =>
    s.name === 'a' ? at(strides, 'a0', side, deep) : at(strides, 'b0', deep, side);
  return range(rounds(s, threads))
    .map((r) => {
      const name = `${s.name}_next${r}`;
      const [line, place] = [`${s.name}_line${r}`, `${s.name}_at${r}`];
      const side = s.alongDepth ? `${first} + ${line}` : `${first} + 4u * ${place}`;
      const deep = s.alongDepth ? `${k} + 4u * ${place}` : `${k} + ${line}`;
      const inSide = (offset: number) => {
        const last = s.alongDepth || !s.vector ? 1 : 4;
        const value = offset === 0 ? side : `${side} + ${offset}u`;
        return sideEnds ? value : `min(${value}, ${limit} - ${last}u)`;
      };
      const one = (value: string, offset: number) =>
        depthEnds ? value : `select(${s.vector ? 'vec4(0.0)' : '0.0'}, ${value}, ${deep} + ${offset}u < k)`;
      const inDepth = (offset: number) => {
        const value = offset === 0 ? deep : `${deep} + ${offset}u`;
        return depthEnds ? value : `min(${value}, k - ${s.vector && s.alongDepth ? 4 : 1}u)`;
      };
      const value = s.vector
        ? one(`${s.name}[(${index(inSide(0), inDepth(0))}) / 4u]`, 0)
        : `vec4(${range(4)
            .map((o) =>
              s.alongDepth
                ? one(`${s.name}[${index(inSide(0), inDepth(o))}]`, o)
                : one(`${s.name}[${index(inSide(o), inDepth(0))}]`, 0),
            )
            .join(', ')})`;
      const guarded = fills(s, r, threads) ? '' : `if (${line} < ${s.lines}u) `;
      if (how === 'var') return `var ${name} = vec4(0.0); ${guarded}{ ${name} = ${value}; }`;
      return `${guarded}{ ${name} = ${value}; }`;
    })
    .join('\n  ');
}

const stores = (s: Strip, threads: number): string =>
  range(rounds(s, threads))
    .map((r) => {
      const store = `strip_${s.name}[${s.name}_line${r} * ${s.pitch}u + ${s.name}_at${r}] = ${s.name}_next${r};`;
      return fills(s, r, threads) ? store : `if (${s.name}_line${r} < ${s.lines}u) { ${store} }`;
    })
    .join(' ');

/** Adds the vectors that this thread brings to its sums over K: the same places of the side in every round. */
function addedUp(s: Strip, threads: number): string {
  if (s.alongDepth || threads % s.width !== 0) {
    throw defect(`Operand ${s.name} lies so that its sums over K cannot be taken along.`);
  }
  return range(rounds(s, threads))
    .map(
      (r) =>
        `${fills(s, r, threads) ? '' : `if (${s.name}_line${r} < ${s.lines}u) `}{ summed += ${s.name}_next${r}; }`,
    )
    .join(' ');
}

/** The sums of all threads, by the workgroups of the first tiles along the other operand's side. */
function writesSums(s: Strip, threads: number): string {
  const [along, first, limit] = s.name === 'a' ? ['x', 'm0', 'm'] : ['y', 'n0', 'n'];
  return `if (group.${along} == 0u) {
    strip_${s.name}[local] = summed;
    workgroupBarrier();
    if (local < ${s.width}u) {
      var total = vec4(0.0);
      for (var t = local; t < ${threads}u; t += ${s.width}u) { total += strip_${s.name}[t]; }
      let place = ${first} + 4u * local;
      ${range(4)
        .map((e) => `if (place + ${e}u < ${limit}) { sums[place + ${e}u] = total[${e}]; }`)
        .join(' ')}
    }
  }`;
}

/** Place in the workgroup's side of a thread's element `i`, where the thread is number `t` of `count` along it. */
const placeOf = (s: Strip, t: string, i: number): string => {
  const count = s.side / s.threadSide;
  return s.alongDepth ? `${t} + ${i * count}u` : `4u * ${t} + ${Math.floor(i / 4) * 4 * count + (i % 4)}u`;
};

/** Four steps along K, number d. */
function multiply(a: Strip, b: Strip): string {
  const lines: string[] = [];
  const thread = (s: Strip) => (s.name === 'a' ? 'down' : 'across');
  const vectorsAlongDepth = (s: Strip) =>
    range(s.threadSide).map(
      (i) => `let ${s.name}${i} = strip_${s.name}[(${placeOf(s, thread(s), i)}) * ${s.pitch}u + d];`,
    );
  for (const s of [a, b]) if (s.alongDepth) lines.push(...vectorsAlongDepth(s));
  for (const q of range(4)) {
    for (const s of [a, b]) {
      if (s.alongDepth) continue;
      const count = s.side / s.threadSide;
      for (const c of range(s.threadSide / 4)) {
        const place = `(4u * d + ${q}u) * ${s.pitch}u + ${thread(s)} + ${c * count}u`;
        lines.push(`let ${s.name}${c}_${q} = strip_${s.name}[${place}];`);
      }
    }
    const element = (s: Strip, i: number) =>
      s.alongDepth ? `${s.name}${i}[${q}]` : `${s.name}${Math.floor(i / 4)}_${q}[${i % 4}]`;
    for (const i of range(a.threadSide)) {
      for (const j of range(b.threadSide)) {
        lines.push(`s${i}_${j} = fma(${element(a, i)}, ${element(b, j)}, s${i}_${j});`);
      }
    }
  }
  return lines.join('\n      ');
}

function writes(p: CodeSizes, a: Strip, b: Strip): string {
  const rowsEnd = p.perSample !== 'm' && p.m % a.side === 0;
  const columnsEnd = p.n % b.side === 0;
  return range(a.threadSide)
    .map((i) => {
      const row = `m0 + ${placeOf(a, 'down', i)}`;
      const each = range(b.threadSide).map((j) => {
        const column = `n0 + ${placeOf(b, 'across', j)}`;
        const stored = store(p, `s${i}_${j}`, 'mi', column);
        return columnsEnd ? stored : `if (${column} < n) { ${stored} }`;
      });
      const stored = `{ let mi = ${row}; ${rowsEnd ? '' : 'if (mi < m) '}{ ${each.join(' ')} } }`;
      return stored;
    })
    .join('\n  ');
}
