import { StrataError } from '../error.ts';

/**
 * The safetensors format (https://huggingface.co/docs/safetensors): 8-byte little-endian header length,
 * JSON header `{name: {dtype, shape, data_offsets}}` with an optional `__metadata__`, then the bytes.
 */

/** Bytes an element takes; only what the project reads or writes. */
export const dtypeBytes = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;
export type Dtype = keyof typeof dtypeBytes;

export interface TensorEntry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Offsets into the whole file. */
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  /** Where the data begins: 8 + header length. */
  readonly dataStart: number;
  /** Size the whole file must have. */
  readonly fileSize: number;
}

/** A float32 tensor on the CPU; `data.length` is the product of `shape`. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Integers, such as a sealed update has. */
export interface WordTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Int32Array;
}

/** Headers larger than this are refused (the format's own limit is 100 MB). */
export const maxHeaderBytes = 4_000_000;

const bad = (message: string) =>
  new StrataError('bad-safetensors', message, 'Send a file written by a safetensors library.');

/** A file that ends early, or goes on after its last tensor. */
export const truncated = () =>
  new StrataError(
    'bad-safetensors',
    'The file is not as long as its header says.',
    'Send the whole file again.',
  );

/**
 * Index of the first value that is no finite number, -1 where all are. A loop, because a callback for each value takes
 * seven times as long: 33 ms instead of 5 for 22 MB.
 */
export function firstNonFinite(values: Float32Array | Float64Array): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}

/** Length of the JSON header, from the first 8 bytes. Throws `bad-safetensors` when it is not plausible. */
export function headerLength(first8: Uint8Array): number {
  if (first8.byteLength < 8) throw bad('The file is shorter than 8 bytes.');
  const length = Number(new DataView(first8.buffer, first8.byteOffset, 8).getBigUint64(0, true));
  if (length < 2 || length > maxHeaderBytes) throw bad(`A header of ${length} bytes is not accepted.`);
  return length;
}

/** Parses and checks a header: known dtypes, sizes that match the shapes, no gap and no overlap. */
export function parseHeader(json: Uint8Array): SafetensorsHeader {
  let raw: unknown;
  try {
    raw = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch {
    throw bad('The header is not JSON.');
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    throw bad('The header is not an object.');
  const dataStart = 8 + json.byteLength;
  const tensors = new Map<string, TensorEntry>();
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (name === '__metadata__') {
      metadata = stringRecord(value);
      continue;
    }
    tensors.set(name, tensorEntry(name, value, dataStart));
  }
  const ordered = [...tensors.values()].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = dataStart;
  for (const t of ordered) {
    if (t.begin !== at) throw bad(`Tensor ${t.name} leaves a gap or overlaps another one.`);
    at = t.end;
  }
  return { tensors, metadata, dataStart, fileSize: at };
}

function stringRecord(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) throw bad('__metadata__ is not an object.');
  const entries = Object.entries(value);
  if (entries.some(([, v]) => typeof v !== 'string'))
    throw bad('__metadata__ holds something that is not a string.');
  return Object.fromEntries(entries) as Record<string, string>;
}

function tensorEntry(name: string, value: unknown, dataStart: number): TensorEntry {
  const v = value as { dtype?: unknown; shape?: unknown; data_offsets?: unknown } | null;
  if (typeof v !== 'object' || v === null) throw bad(`Tensor ${name} is not an object.`);
  if (typeof v.dtype !== 'string' || !Object.hasOwn(dtypeBytes, v.dtype)) {
    throw bad(`Tensor ${name} has the unknown dtype ${String(v.dtype)}.`);
  }
  const dtype = v.dtype as Dtype;
  const natural = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
  if (!Array.isArray(v.shape) || !v.shape.every(natural)) throw bad(`Tensor ${name} has no valid shape.`);
  const offsets = v.data_offsets;
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(natural)) {
    throw bad(`Tensor ${name} has no valid data_offsets.`);
  }
  const shape: number[] = v.shape;
  const [begin, end] = offsets as [number, number];
  const bytes = shape.reduce((a, b) => a * b, 1) * dtypeBytes[dtype];
  if (end - begin !== bytes) throw bad(`Tensor ${name} has ${end - begin} bytes; its shape needs ${bytes}.`);
  return { name, dtype, shape, begin: dataStart + begin, end: dataStart + end };
}

/**
 * Writes float32 or int32 tensors in the order given; the same input gives the same bytes.
 * The header is padded with spaces to a multiple of 8, so that data is aligned.
 */
export function encodeSafetensors(
  tensors: readonly (NamedTensor | WordTensor)[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  let at = 0;
  for (const t of tensors) {
    if (t.data.length !== t.shape.reduce((a, b) => a * b, 1)) {
      throw new StrataError(
        'wrong-tensor',
        `Tensor ${t.name} does not fill its shape.`,
        'This is a defect of Strata.',
      );
    }
    const dtype = t.data instanceof Int32Array ? 'I32' : 'F32';
    header[t.name] = { dtype, shape: t.shape, data_offsets: [at, at + t.data.byteLength] };
    at += t.data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(json.byteLength / 8) * 8;
  const out = new Uint8Array(8 + padded + at);
  new DataView(out.buffer).setBigUint64(0, BigInt(padded), true);
  out.fill(0x20, 8, 8 + padded);
  out.set(json, 8);
  let cursor = 8 + padded;
  for (const t of tensors) {
    out.set(new Uint8Array(t.data.buffer, t.data.byteOffset, t.data.byteLength), cursor);
    cursor += t.data.byteLength;
  }
  return out;
}

/** A tensor whose values nothing else shares. */
export interface DecodedTensor extends NamedTensor {
  readonly data: Float32Array<ArrayBuffer>;
}

/** Reads a whole file of F32, F16 or BF16 tensors as float32. Throws `bad-safetensors`. */
export function decodeSafetensors(file: Uint8Array): {
  tensors: DecodedTensor[];
  metadata: Readonly<Record<string, string>>;
} {
  const header = headerOf(file);
  const tensors = [...header.tensors.values()].map((t) => ({
    name: t.name,
    shape: t.shape,
    data: toFloat32(t, file.subarray(t.begin, t.end)),
  }));
  return { tensors, metadata: header.metadata };
}

/** Reads a whole file of I32 tensors, by their names. Throws `bad-safetensors`. */
export function decodeWords(file: Uint8Array): ReadonlyMap<string, Int32Array<ArrayBuffer>> {
  const words = [...headerOf(file).tensors.values()].map((t) => {
    if (t.dtype !== 'I32') throw bad(`Tensor ${t.name} is ${t.dtype}; I32 is needed.`);
    return [t.name, new Int32Array(new Uint8Array(file.subarray(t.begin, t.end)).buffer)] as const;
  });
  return new Map(words);
}

/** The header of a file that is whole. */
function headerOf(file: Uint8Array): SafetensorsHeader {
  const length = headerLength(file);
  if (file.byteLength < 8 + length) throw bad('The file ends inside its header.');
  const header = parseHeader(file.subarray(8, 8 + length));
  if (header.fileSize !== file.byteLength) {
    throw bad(`The file has ${file.byteLength} bytes; its header announces ${header.fileSize}.`);
  }
  return header;
}

/** Converts the raw little-endian bytes of one tensor to float32 (a copy). */
export function toFloat32(entry: TensorEntry, bytes: Uint8Array): Float32Array<ArrayBuffer> {
  // Not slice(): on Node's Buffer it shares the memory of the whole file.
  const copy = new Uint8Array(bytes).buffer;
  switch (entry.dtype) {
    case 'F32':
      return new Float32Array(copy);
    case 'BF16': {
      const half = new Uint16Array(copy);
      const out = new Uint32Array(half.length);
      for (let i = 0; i < half.length; i++) out[i] = half[i]! << 16;
      return new Float32Array(out.buffer);
    }
    case 'F16': {
      const half = new Uint16Array(copy);
      const table = halves();
      const out = new Float32Array(half.length);
      for (let i = 0; i < half.length; i++) out[i] = table[half[i]!]!;
      return out;
    }
    default:
      throw bad(`Tensor ${entry.name} is ${entry.dtype}; F32, F16 or BF16 is needed.`);
  }
}

let halfTable: Float32Array | undefined;

/** Every binary16 value by its bits: a model has millions of them and there are 65,536. */
function halves(): Float32Array {
  halfTable ??= new Float32Array(Uint32Array.from({ length: 65_536 }, (_, bits) => halfToFloat(bits)).buffer);
  return halfTable;
}

/** Bits of an IEEE 754 binary16 to those of the same value as binary32. */
function halfToFloat(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 31) return (sign | 0x7f80_0000 | (fraction << 13)) >>> 0;
  if (exponent > 0) return (sign | ((exponent + 112) << 23) | (fraction << 13)) >>> 0;
  if (fraction === 0) return sign >>> 0;
  // Subnormal: as many places up as make the leading 1 implicit.
  const places = Math.clz32(fraction) - 21;
  return (sign | ((113 - places) << 23) | (((fraction << places) & 0x3ff) << 13)) >>> 0;
}
