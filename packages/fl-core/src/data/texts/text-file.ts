import type { Reason } from '../problems.ts';

/** Byte order marks of the encodings that spreadsheet programs write. */
const marks = [
  { encoding: 'utf-8', mark: [0xef, 0xbb, 0xbf] },
  { encoding: 'utf-16le', mark: [0xff, 0xfe] },
  { encoding: 'utf-16be', mark: [0xfe, 0xff] },
] as const;

const startsWith = (bytes: Uint8Array, mark: readonly number[]) => mark.every((byte, i) => bytes[i] === byte);

/** The text of a file with every line end as `\n`, or why it has none. */
export function decodeTextFile(bytes: Uint8Array, mostBytes: number): { readonly text: string } | Reason {
  if (bytes.length === 0) return { kind: 'empty', reason: 'is empty' };
  if (bytes.length > mostBytes) {
    return { kind: 'too-large', reason: `is larger than ${Math.floor(mostBytes / 2 ** 20)} MiB` };
  }
  if (startsWith(bytes, [0x50, 0x4b, 3, 4])) {
    return {
      kind: 'unsupported',
      reason: 'is an office document or archive: export it as CSV or plain text',
    };
  }
  const encoding = marks.find(({ mark }) => startsWith(bytes, mark))?.encoding ?? 'utf-8';
  if (encoding === 'utf-8' && bytes.includes(0)) {
    return { kind: 'unsupported', reason: 'is not a text file' };
  }
  try {
    // The decoder takes the byte order mark away.
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes).replaceAll(/\r\n?/g, '\n');
    return text.trim() === '' ? { kind: 'empty', reason: 'has only blank lines' } : { text };
  } catch {
    return { kind: 'broken', reason: 'is not UTF-8 text: save it as UTF-8 (in a spreadsheet "CSV UTF-8")' };
  }
}
