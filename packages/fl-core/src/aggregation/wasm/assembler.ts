/**
 * Just enough of a WebAssembly encoder (Core Specification 2.0, chapter 5) for the kernels of this folder: modules
 * of functions over one imported memory, with 32-bit addresses, 64-bit floats and 128-bit vectors. The kernels are
 * assembled when they are needed, since a sorting network depends on the number of clients.
 */
export type ValueType = 'i32' | 'f64' | 'v128';

/** Encoded instructions. */
export type Code = readonly number[];

export interface FunctionSource {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly result?: ValueType;
  /** Local variables; their indices follow those of the parameters. */
  readonly locals: readonly ValueType[];
  readonly body: Code;
}

const typeCode: Readonly<Record<ValueType, number>> = { i32: 0x7f, f64: 0x7c, v128: 0x7b };

/** Unsigned LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return [...bytes, rest];
}

/** Signed LEB128. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

const simd = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];
/** Address operand: alignment hint of 4 bytes and a constant offset. */
const address = (offset: number): number[] => [2, ...unsigned(offset)];

/** Instructions; operands come before the operator, as on the machine's stack. */
export const op = {
  get: (local: number): Code => [0x20, ...unsigned(local)],
  set: (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)],
  i32: (value: number): Code => [0x41, ...signed(value)],
  i32Add: (a: Code, b: Code): Code => [...a, ...b, 0x6a],
  i32LessThan: (a: Code, b: Code): Code => [...a, ...b, 0x49],
  f64Add: (a: Code, b: Code): Code => [...a, ...b, 0xa0],
  load: (at: Code, offset: number): Code => [...at, ...simd(0x00), ...address(offset)],
  /** Two float32 as two float64. */
  loadTwoAsDoubles: (at: Code, offset: number): Code => [
    ...at,
    ...simd(0x5d),
    ...address(offset),
    ...simd(0x5f),
  ],
  store: (at: Code, offset: number, value: Code): Code => [
    ...at,
    ...value,
    ...simd(0x0b),
    ...address(offset),
  ],
  /** The two upper lanes of four float32 as two float64. */
  upperAsDoubles: (v: Code): Code => {
    const upper = [8, 9, 10, 11, 12, 13, 14, 15];
    return [...v, ...v, ...simd(0x0d), ...upper, ...upper, ...simd(0x5f)];
  },
  /** The two lower lanes of four float32 as two float64. */
  lowerAsDoubles: (v: Code): Code => [...v, ...simd(0x5f)],
  splat: (value: Code): Code => [...value, ...simd(0x14)],
  lane: (v: Code, lane: 0 | 1): Code => [...v, ...simd(0x21), lane],
  f64x2Add: (a: Code, b: Code): Code => [...a, ...b, ...simd(0xf0)],
  f64x2Sub: (a: Code, b: Code): Code => [...a, ...b, ...simd(0xf1)],
  f64x2Mul: (a: Code, b: Code): Code => [...a, ...b, ...simd(0xf2)],
  f64x2Div: (a: Code, b: Code): Code => [...a, ...b, ...simd(0xf3)],
  /** `b < a ? b : a` in each of four float32. */
  f32x4Min: (a: Code, b: Code): Code => [...a, ...b, ...simd(0xea)],
  /** `a < b ? b : a` in each of four float32. */
  f32x4Max: (a: Code, b: Code): Code => [...a, ...b, ...simd(0xeb)],
  /** Runs `body` again and again while `condition` holds after it. */
  repeatWhile: (body: Code, condition: Code): Code => [0x03, 0x40, ...body, ...condition, 0x0d, 0, 0x0b],
} as const;

const text = (s: string): number[] => [...unsigned(s.length), ...new TextEncoder().encode(s)];
const vector = (items: readonly (readonly number[])[]): number[] => [
  ...unsigned(items.length),
  ...items.flat(),
];
const section = (id: number, content: readonly number[]): number[] => [
  id,
  ...unsigned(content.length),
  ...content,
];

/** Encodes a module that imports its memory as `env.memory` and exports the functions by their names. */
export function assemble(functions: readonly FunctionSource[]): Uint8Array<ArrayBuffer> {
  const types = functions.map((f) => [
    0x60,
    ...vector(f.parameters.map((p) => [typeCode[p]])),
    ...vector(f.result ? [[typeCode[f.result]]] : []),
  ]);
  const bodies = functions.map((f) => {
    const code = [...vector(f.locals.map((l) => [1, typeCode[l]])), ...f.body, 0x0b];
    return [...unsigned(code.length), ...code];
  });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(types)),
    ...section(2, vector([[...text('env'), ...text('memory'), 0x02, 0x00, 1]])),
    ...section(3, vector(functions.map((_, i) => unsigned(i)))),
    ...section(7, vector(functions.map((f, i) => [...text(f.name), 0x00, ...unsigned(i)]))),
    ...section(10, vector(bodies)),
  ]);
}
