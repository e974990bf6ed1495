import { deflateSync } from 'fflate';
import { crc32 } from './crc32.ts';

/** An entry as any program may have written it. */
export interface RawEntry {
  /** Bytes where it is no ASCII. */
  readonly name: string | Uint8Array;
  readonly content: Uint8Array;
  readonly flags?: number;
  /** 0: stored; 8: deflated; any other number is claimed, and the content stored. */
  readonly method?: number;
  /** Extra fields of the directory, by number. */
  readonly extra?: Readonly<Record<number, Uint8Array>>;
  /** Another checksum than that of the content. */
  readonly crc?: number;
  /** Changes what the archive holds after its checksum was made. */
  readonly spoil?: (packed: Uint8Array) => void;
}

export interface RawArchive {
  /** Before the archive: of a program that unpacks itself. */
  readonly before?: Uint8Array;
  readonly comment?: Uint8Array;
  /** Sizes, places and the number of entries in fields of 64 bits. */
  readonly wide?: boolean;
  /** Number of this part, from 0. */
  readonly disk?: number;
}

/** A ZIP archive byte by byte, for what the library that makes ordinary ones does not write. */
export function rawZip(entries: readonly RawEntry[], archive: RawArchive = {}): Uint8Array {
  const { before = new Uint8Array(), comment = new Uint8Array(), wide = false, disk = 0 } = archive;
  const bodies: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const entry of entries) {
    const { flags = 0, method = 0, content } = entry;
    const name = typeof entry.name === 'string' ? new TextEncoder().encode(entry.name) : entry.name;
    const packed = method === 8 ? deflateSync(content) : content.slice();
    const crc = entry.crc ?? crc32(content);
    entry.spoil?.(packed);
    const body = joined(
      numbers([4, 0x04034b50], [2, 20], [2, flags], [2, method], [4, 0], [4, crc], [4, packed.length]),
      numbers([4, content.length], [2, name.length], [2, 0]),
      name,
      packed,
    );
    const far = numbers([8, content.length], [8, packed.length], [8, at]);
    const extras = { ...entry.extra, ...(wide ? { 1: far } : {}) };
    const extra = joined(
      ...Object.entries(extras).map(([id, field]) =>
        joined(numbers([2, Number(id)], [2, field.length]), field),
      ),
    );
    const [size, length, place] = wide ? [beyond, beyond, beyond] : [content.length, packed.length, at];
    directory.push(
      joined(
        numbers([4, 0x02014b50], [2, 0x031e], [2, 20], [2, flags], [2, method], [4, 0], [4, crc]),
        numbers([4, length], [4, size], [2, name.length], [2, extra.length], [2, 0], [2, 0], [2, 0], [4, 0]),
        numbers([4, place]),
        name,
        extra,
      ),
    );
    bodies.push(body);
    at += body.length;
  }
  const listed = joined(...directory);
  const count = entries.length;
  const wideRecords = wide
    ? joined(
        numbers([4, 0x06064b50], [8, 44], [2, 45], [2, 45], [4, 0], [4, 0], [8, count], [8, count]),
        numbers([8, listed.length], [8, at]),
        numbers([4, 0x07064b50], [4, 0], [8, at + listed.length], [4, 1]),
      )
    : new Uint8Array();
  const [said, size, place] = wide ? [0xffff, beyond, beyond] : [count, listed.length, at];
  return joined(
    before,
    ...bodies,
    listed,
    wideRecords,
    numbers([4, 0x06054b50], [2, disk], [2, 0], [2, said], [2, said], [4, size], [4, place]),
    numbers([2, comment.length]),
    comment,
  );
}

const beyond = 0xffff_ffff;

/** Numbers of so many bytes each, little-endian. */
function numbers(...fields: readonly (readonly [2 | 4 | 8, number])[]): Uint8Array {
  const out = new Uint8Array(fields.reduce((sum, [bytes]) => sum + bytes, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const [bytes, value] of fields) {
    if (bytes === 2) view.setUint16(at, value, true);
    else if (bytes === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += bytes;
  }
  return out;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
