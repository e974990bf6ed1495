import { type Dataset, sampleCount } from '@strata/fl-core/data';
import { z } from 'zod';

const Count = z.int().min(0);
const common = {
  version: z.literal(3),
  /** The client whose data it is. */
  client: z.string().max(100),
  samples: Count,
};
/** Token ids of all texts together. */
const tokens = Count;

/** The beginning of a file: what is in it, and how large it must be. */
const Header = z.discriminatedUnion('kind', [
  z.object({ ...common, kind: z.literal('image'), side: Count, split: z.boolean() }),
  z.object({ ...common, kind: z.literal('text'), tokens, pairs: z.boolean() }),
  z.object({ ...common, kind: z.literal('label-sets'), tokens, classes: Count }),
  z.object({ ...common, kind: z.literal('passages'), tokens }),
]);
type Header = z.infer<typeof Header>;

/** More than any header has; a longer one is none. */
export const mostHeaderBytes = 1024;

/** Parts after the header begin at a multiple of this, as typed arrays need it. */
const alignment = 8;

/**
 * Prepared data as a file, in pieces to be written one after the other: the length of the header (uint32,
 * little-endian), the header as JSON padded with blanks to a multiple of 8 bytes, then by kind
 *
 * - `image`: labels (N int32), pixels (N, side, side, 3), and of data with a split of its own which are held out (N);
 * - `text`: labels (N int32), the length of each text (N int32), all token ids (int32), and of pairs which text each
 *   token is of (uint8);
 * - `label-sets`: lengths, token ids, flags (N, classes);
 * - `passages`: lengths, token ids.
 */
export function encodePrepared(dataset: Dataset, client: string): Uint8Array[] {
  const shared = { version: 3, client, samples: sampleCount(dataset) } as const;
  switch (dataset.kind) {
    case 'image': {
      const { kind, side, labels, pixels, heldOut } = dataset;
      const header = encodeHeader({ ...shared, kind, side, split: heldOut !== undefined });
      return [header, bytesOf(labels), bytesOf(pixels), ...(heldOut === undefined ? [] : [heldOut])];
    }
    case 'text': {
      const { kind, labels, segments = null } = dataset;
      const [lengths, ids] = joinTokens(dataset.tokens);
      return [
        encodeHeader({ ...shared, kind, tokens: ids.length, pairs: segments !== null }),
        bytesOf(labels),
        bytesOf(lengths),
        bytesOf(ids),
        ...(segments ?? []),
      ];
    }
    case 'label-sets': {
      const { kind, classes, flags } = dataset;
      const [lengths, ids] = joinTokens(dataset.tokens);
      return [
        encodeHeader({ ...shared, kind, tokens: ids.length, classes }),
        bytesOf(lengths),
        bytesOf(ids),
        bytesOf(flags),
      ];
    }
    case 'passages': {
      const [lengths, ids] = joinTokens(dataset.tokens);
      const header = encodeHeader({ ...shared, kind: dataset.kind, tokens: ids.length });
      return [header, bytesOf(lengths), bytesOf(ids)];
    }
    default:
      return dataset satisfies never;
  }
}

/** The length of each text, and all token ids one after the other. */
function joinTokens(texts: readonly Int32Array[]): [lengths: Int32Array, ids: Int32Array] {
  const lengths = Int32Array.from(texts, (ids) => ids.length);
  const all = new Int32Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const ids of texts) {
    all.set(ids, at);
    at += ids.length;
  }
  return [lengths, all];
}

/** Whose data a file holds and how much, by its first bytes; null when they are not those of such a file. */
export function aboutPrepared(start: Uint8Array): Pick<Header, 'client' | 'samples'> | null {
  return decodeHeader(start)?.header ?? null;
}

/** What {@link encodePrepared} wrote; null for anything else, such as a file that was not written to its end. */
export function decodePrepared(file: Uint8Array<ArrayBuffer>, classes: number): Dataset | null {
  const found = decodeHeader(file);
  if (found === null) return null;
  const { header, end } = found;
  if (file.length !== end + bodyBytes(header)) return null;
  const parts = new Reader(file, end);
  switch (header.kind) {
    case 'image': {
      const labels = parts.labels(header.samples, classes);
      if (labels === null) return null;
      const rest = parts.rest();
      const pixels = rest.subarray(0, header.samples * header.side ** 2 * 3);
      const flags = rest.subarray(pixels.length);
      const image = { kind: 'image', side: header.side, labels, pixels } as const;
      return header.split ? { ...image, heldOut: flags } : image;
    }
    case 'text': {
      const labels = parts.labels(header.samples, classes);
      const texts = parts.texts(header.samples, header.tokens);
      if (labels === null || texts === null) return null;
      if (!header.pairs) return { kind: 'text', labels, tokens: texts };
      const segments = cut(
        parts.rest(),
        texts.map((ids) => ids.length),
      );
      return { kind: 'text', labels, tokens: texts, segments };
    }
    case 'label-sets': {
      const texts = parts.texts(header.samples, header.tokens);
      const flags = parts.rest();
      if (texts === null || header.classes !== classes || flags.some((flag) => flag > 1)) return null;
      return { kind: 'label-sets', classes, tokens: texts, flags };
    }
    case 'passages': {
      const texts = parts.texts(header.samples, header.tokens);
      return texts === null ? null : { kind: 'passages', tokens: texts };
    }
    default:
      return header satisfies never;
  }
}

/** Of everything after the header. */
function bodyBytes(header: Header): number {
  const { samples } = header;
  switch (header.kind) {
    case 'image':
      return samples * (4 + header.side ** 2 * 3 + (header.split ? 1 : 0));
    case 'text':
      return 8 * samples + (header.pairs ? 5 : 4) * header.tokens;
    case 'label-sets':
      return samples * (4 + header.classes) + 4 * header.tokens;
    case 'passages':
      return 4 * (samples + header.tokens);
    default:
      return header satisfies never;
  }
}

/** Takes a file apart from front to back; null for parts that cannot be. */
class Reader {
  readonly #file: Uint8Array<ArrayBuffer>;
  #at: number;

  constructor(file: Uint8Array<ArrayBuffer>, at: number) {
    this.#file = file;
    this.#at = at;
  }

  labels(samples: number, classes: number): Int32Array | null {
    const labels = this.#ints(samples);
    return labels.some((label) => label < 0 || label >= classes) ? null : labels;
  }

  texts(samples: number, tokens: number): Int32Array[] | null {
    const lengths = this.#ints(samples);
    const ids = this.#ints(tokens);
    const whole = lengths.every((n) => n >= 0) && lengths.reduce((sum, n) => sum + n, 0) === tokens;
    return whole ? cut(ids, lengths) : null;
  }

  rest(): Uint8Array {
    return this.#file.slice(this.#at);
  }

  #ints(count: number): Int32Array {
    const from = this.#at;
    this.#at += 4 * count;
    return new Int32Array(this.#file.buffer.slice(from, this.#at));
  }
}

/** Pieces of these lengths, one after the other. */
function cut<A extends Int32Array | Uint8Array>(values: A, lengths: Iterable<number>): A[] {
  let at = 0;
  return Array.from(lengths, (length) => {
    at += length;
    return values.subarray(at - length, at) as A;
  });
}

function encodeHeader(header: Header): Uint8Array<ArrayBuffer> {
  const json = JSON.stringify(header);
  const length = Math.ceil((4 + json.length) / alignment) * alignment - 4;
  const out = new Uint8Array(4 + length);
  new DataView(out.buffer).setUint32(0, length, true);
  out.set(new TextEncoder().encode(json.padEnd(length)), 4);
  return out;
}

function decodeHeader(file: Uint8Array): { readonly header: Header; readonly end: number } | null {
  if (file.length < 4) return null;
  const end = 4 + new DataView(file.buffer, file.byteOffset).getUint32(0, true);
  if (end > mostHeaderBytes || end > file.length) return null;
  try {
    const header = Header.safeParse(JSON.parse(new TextDecoder().decode(file.subarray(4, end))));
    return header.success ? { header: header.data, end } : null;
  } catch {
    return null;
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Int32Array | Uint8Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
