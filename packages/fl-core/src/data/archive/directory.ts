import { decodeName } from './entry-name.ts';

/** One entry of the central directory, which alone knows sizes of entries that were written as a stream. */
export interface Entry {
  readonly name: string;
  readonly method: number;
  readonly encrypted: boolean;
  /** CRC-32 of the content. */
  readonly crc: number;
  /** In the archive, in bytes. */
  readonly packed: number;
  /** Unpacked, in bytes: a claim. */
  readonly size: number;
  /** Where its own header begins. */
  readonly at: number;
}

const signatures = {
  entry: 0x02014b50,
  end: 0x06054b50,
  zip64End: 0x06064b50,
  zip64Locator: 0x07064b50,
} as const;

/** Stand where the true value is in a record of 64 bits. */
const [beyond16, beyond32] = [0xffff, 0xffff_ffff];

/** The directory is damaged, or there is none. */
export class DamagedDirectory extends Error {
  override readonly name = 'DamagedDirectory';
}

/** The file is one part of an archive of several. */
export class SplitArchive extends Error {
  override readonly name = 'SplitArchive';
}

/**
 * The entries of a ZIP archive in the order of its directory, folders among them. Bytes before the archive (of a
 * program that unpacks itself) and after it (a comment) are passed over.
 *
 * @param onEntry called for each as it is found, so that a claim of very many ends early; what it throws comes out.
 * @throws DamagedDirectory, SplitArchive.
 */
export function readDirectory(bytes: Uint8Array, onEntry: (entry: Entry) => void): Entry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    const { start, end, shift, count } = findDirectory(view);
    const entries: Entry[] = [];
    let at = start;
    while (at < end) {
      const { entry, next } = readEntry(bytes, view, at, shift);
      onEntry(entry);
      entries.push(entry);
      at = next;
    }
    // Writers without records of 64 bits count on from 0 after 65,535.
    if (at !== end || entries.length % 0x10000 !== count % 0x10000)
      throw new DamagedDirectory('another number');
    return entries;
  } catch (error) {
    // Beyond the end of the file.
    throw error instanceof RangeError ? new DamagedDirectory(error.message, { cause: error }) : error;
  }
}

interface Directory {
  readonly start: number;
  readonly end: number;
  /** Bytes before the archive, which its own places do not count. */
  readonly shift: number;
  readonly count: number;
}

function findDirectory(view: DataView): Directory {
  const at = endRecord(view);
  const [disk, startDisk, onDisk, count] = [4, 6, 8, 10].map((offset) => view.getUint16(at + offset, true));
  const size = view.getUint32(at + 12, true);
  const offset = view.getUint32(at + 16, true);
  const wide = at >= 20 && view.getUint32(at - 20, true) === signatures.zip64Locator;
  if (wide && (count === beyond16 || size === beyond32 || offset === beyond32))
    return wideDirectory(view, at);
  if (disk !== startDisk || (disk !== 0 && disk !== beyond16)) throw new SplitArchive();
  if (onDisk !== count) throw new DamagedDirectory('two numbers of entries');
  return located(at, size, offset, count!);
}

function located(end: number, size: number, offset: number, count: number): Directory {
  const shift = end - size - offset;
  if (shift < 0) throw new DamagedDirectory('it lies elsewhere');
  return { start: end - size, end, shift, count };
}

/** Of an archive with more entries or bytes than the usual record can say. */
function wideDirectory(view: DataView, endAt: number): Directory {
  const near = endAt - 20 - 56; // where it is unless it has fields of others' own
  const said = wideNumber(view, endAt - 20 + 8);
  const at = [near, said].find((p) => p >= 0 && view.getUint32(p, true) === signatures.zip64End);
  if (at === undefined) throw new DamagedDirectory('no record of 64 bits');
  return located(at, wideNumber(view, at + 40), wideNumber(view, at + 48), wideNumber(view, at + 32));
}

/** The record at the end: the last one whose comment fits, as comments may hold anything. */
function endRecord(view: DataView): number {
  const least = Math.max(0, view.byteLength - 22 - 0xffff);
  for (let at = view.byteLength - 22; at >= least; at--) {
    if (view.getUint32(at, true) !== signatures.end) continue;
    if (at + 22 + view.getUint16(at + 20, true) <= view.byteLength) return at;
  }
  throw new DamagedDirectory('no end');
}

function readEntry(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  shift: number,
): { readonly entry: Entry; readonly next: number } {
  if (view.getUint32(at, true) !== signatures.entry) throw new DamagedDirectory('no entry');
  const flags = view.getUint16(at + 8, true);
  const [nameLength, extraLength, commentLength] = [28, 30, 32].map((o) => view.getUint16(at + o, true));
  const nameAt = at + 46;
  const extraAt = nameAt + nameLength!;
  const next = extraAt + extraLength! + commentLength!;
  if (next > bytes.length) throw new DamagedDirectory('cut off');
  const extra = extraFields(bytes.subarray(extraAt, extraAt + extraLength!));
  const unicodePath = extra.get(0x7075);
  const [size, packed, place] = wideValues(
    [24, 20, 42].map((o) => view.getUint32(at + o, true)),
    extra.get(0x0001),
  );
  const name = decodeName({
    bytes: bytes.subarray(nameAt, extraAt),
    utf8: (flags & 0x800) !== 0,
    ...(unicodePath === undefined ? {} : { unicodePath }),
  });
  if (name === '' || packed! > bytes.length) throw new DamagedDirectory('an impossible entry');
  return {
    entry: {
      name,
      method: view.getUint16(at + 10, true),
      encrypted: (flags & 1) !== 0,
      crc: view.getUint32(at + 16, true),
      packed: packed!,
      size: size!,
      at: place! + shift,
    },
    next,
  };
}

/** By their number; of two the first. */
function extraFields(bytes: Uint8Array): Map<number, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const fields = new Map<number, Uint8Array>();
  for (let at = 0; at + 4 <= bytes.length; ) {
    const [id, length] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    if (!fields.has(id)) fields.set(id, bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return fields;
}

/** Values that are beyond 32 bits stand in a field, one after the other. */
function wideValues(values: readonly number[], field: Uint8Array | undefined): number[] {
  if (field === undefined) return [...values];
  const view = new DataView(field.buffer, field.byteOffset, field.length);
  let at = 0;
  return values.map((value) => {
    if (value !== beyond32) return value;
    at += 8;
    return wideNumber(view, at - 8);
  });
}

/** Beyond 2^53 it is no longer exact, and far beyond every limit. */
const wideNumber = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));
