/** Pieces of WGSL that several kernels share. */

/** Threads of a workgroup. */
const threads = 64;

/**
 * One thread an element of the bound tensor `of`; `body` sees the index `i`. tfjs's buffers have exactly their tensor's
 * size, so that the number of samples is no part of the code: a smaller last batch needs no other pipeline.
 */
export const eachElement = (of: string, body: string, helpers = ''): string => `
${helpers}
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * ${threads}u + local;
  if (i >= arrayLength(&${of})) { return; }
  ${body}
}`;

/** Whether `count` numbers can be bound as whole vectors of four, and how many items there are then. */
export function vectorsOf(count: number): { vectors: boolean; items: number } {
  const vectors = count % 4 === 0;
  return { vectors, items: vectors ? count / 4 : count };
}

/** Workgroups that {@link eachElement} needs. */
export const elementGroups = (count: number): [number, number, number] =>
  groupsFor(Math.ceil(count / threads));

/** What works on a row of numbers: the threads of a workgroup together, or one thread. */
export type RowWorker = 'large-group' | 'group' | 'thread';

const groupSizes = { 'large-group': 256, group: threads } as const;

/**
 * Rows of `width` elements of the bound tensor `of`. `body` sees the row's number `row` and its first index `start`, steps through columns
 * with {@link eachColumn}, and adds up over the row with `sumOf(value, t)` and `maxOf(value, t)`, which every thread
 * must call; `t` is 0 in one thread of each row.
 */
export function eachRow(
  worker: RowWorker,
  of: string,
  width: number | string,
  body: string,
  helpers = '',
): string {
  const size = worker === 'thread' ? threads : groupSizes[worker];
  const code = `
${worker === 'thread' ? threadReductions : groupReductions(size)}
${helpers}
@compute @workgroup_size(${size})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let index = group.y * groups.x + group.x;
  ${worker === 'thread' ? `let row = index * ${threads}u + local; let t = 0u;` : 'let row = index; let t = local;'}
  if (row >= arrayLength(&${of}) / ${whole(width)}) { return; }
  let start = row * ${whole(width)};
  ${body}
}`;
  return code.replaceAll('COLUMN_STEP', worker === 'thread' ? '1u' : `${size}u`);
}

/** Workgroups that {@link eachRow} needs. */
export const rowGroups = (worker: RowWorker, rows: number): [number, number, number] =>
  groupsFor(worker === 'thread' ? Math.ceil(rows / threads) : rows);

/** Columns of one thread; `body` sees the column `c` and the element's index `i`. */
export const eachColumn = (width: number | string, body: string): string =>
  `for (var c = t; c < ${whole(width)}; c += COLUMN_STEP) { let i = start + c; ${body} }`;

/** A count as WGSL: a constant, or the expression that it is. */
const whole = (count: number | string): string => (typeof count === 'number' ? `${count}u` : `(${count})`);

const reduction = (name: string, combine: string, size: number): string => `
fn ${name}(value: f32, t: u32) -> f32 {
  row_values[t] = value;
  workgroupBarrier();
  for (var s = ${size / 2}u; s > 0u; s = s >> 1u) {
    if (t < s) { let a = row_values[t]; let b = row_values[t + s]; row_values[t] = ${combine}; }
    workgroupBarrier();
  }
  let result = row_values[0];
  workgroupBarrier();
  return result;
}`;

const groupReductions = (size: number): string => `var<workgroup> row_values: array<f32, ${size}>;
${reduction('sumOf', 'a + b', size)}
${reduction('maxOf', 'max(a, b)', size)}`;

const threadReductions = `
fn sumOf(value: f32, t: u32) -> f32 { return value; }
fn maxOf(value: f32, t: u32) -> f32 { return value; }`;

const largestGrid = 65_535;

/** A grid of `count` workgroups, in two dimensions where one is not enough. */
export function groupsFor(count: number): [number, number, number] {
  const y = Math.max(1, Math.ceil(count / largestGrid));
  return [Math.max(1, Math.ceil(count / y)), y, 1];
}

/** A float constant; WGSL wants a point or an exponent. */
export const float = (value: number): string => {
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
};

/** Below any score, above -Infinity, whose use WGSL leaves open. */
export const lowest = '-3.4e38';
