import { inflateSync } from 'fflate';
import { crc32 } from './crc32.ts';
import type { Entry } from './directory.ts';

/** No data deflates to less than this part of its size. */
const mostRatio = 1032;

/** What ZIP calls its methods, of those that programs of today still write. */
const methods: Readonly<Record<number, string>> = {
  9: 'Deflate64',
  12: 'bzip2',
  14: 'LZMA',
  93: 'Zstandard',
  95: 'XZ',
  98: 'PPMd',
};

/**
 * The content of an entry, held against its length and its checksum.
 * @throws Error whose message says of the entry what is wrong with it: "it is damaged in the archive".
 */
export function readEntryBytes(archive: Uint8Array, entry: Entry): Uint8Array {
  const { method, encrypted, size, crc } = entry;
  if (encrypted) throw new Error('it is protected by a password: make the archive without one');
  if (method !== 0 && method !== 8) {
    const name = methods[method] ?? `method ${method}`;
    throw new Error(`it is packed by ${name}: make the archive with the usual compression (Deflate)`);
  }
  try {
    const packed = packedBytes(archive, entry);
    const bytes = method === 0 ? packed.slice() : inflate(packed, size);
    if (bytes.length === size && crc32(bytes) === crc) return bytes;
  } catch (cause) {
    throw new Error('it is damaged in the archive', { cause });
  }
  throw new Error('it is damaged in the archive');
}

function packedBytes(archive: Uint8Array, { at, packed }: Entry): Uint8Array {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.length);
  if (view.getUint32(at, true) !== 0x04034b50) throw new RangeError('no header');
  const start = at + 30 + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
  if (start + packed > archive.length) throw new RangeError('cut off');
  return archive.subarray(start, start + packed);
}

function inflate(packed: Uint8Array, size: number): Uint8Array {
  // As much memory as an entry claims to need is taken before the first byte of it is looked at.
  if (size > mostRatio * packed.length) throw new RangeError('claims too much');
  return inflateSync(packed, { out: new Uint8Array(size) });
}
