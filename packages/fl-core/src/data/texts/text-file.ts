import type { Reason } from '../problems.ts';
import { refusedKind } from './file-kinds.ts';

/** Byte order marks of the encodings that spreadsheet programs write. */
const marks = [
  { encoding: 'utf-8', mark: [0xef, 0xbb, 0xbf] },
  { encoding: 'utf-16le', mark: [0xff, 0xfe] },
  { encoding: 'utf-16be', mark: [0xfe, 0xff] },
] as const;

/** Nobody writes it on purpose, and it begins as UTF-16 does. */
const utf32 = [
  [0xff, 0xfe, 0, 0],
  [0, 0, 0xfe, 0xff],
] as const;

const startsWith = (bytes: Uint8Array, mark: readonly number[]) => mark.every((byte, i) => bytes[i] === byte);

const asUtf8 = 'save it as UTF-8 (in a spreadsheet "CSV UTF-8")';

/** The text of a file with every line end as `\n`, or why it has none. */
export function decodeTextFile(bytes: Uint8Array, mostBytes: number): { readonly text: string } | Reason {
  if (bytes.length === 0) return { kind: 'empty', reason: 'is empty' };
  if (bytes.length > mostBytes) {
    return { kind: 'too-large', reason: `is larger than ${Math.floor(mostBytes / 2 ** 20)} MiB` };
  }
  const refused = refusedKind(bytes);
  if (refused !== null) return refused;
  if (utf32.some((mark) => startsWith(bytes, mark)))
    return { kind: 'broken', reason: `is UTF-32 text: ${asUtf8}` };
  const encoding = marks.find(({ mark }) => startsWith(bytes, mark))?.encoding ?? 'utf-8';
  if (encoding === 'utf-8' && bytes.includes(0)) return withZeros(bytes);
  try {
    // The decoder takes the byte order mark away.
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes).replaceAll(/\r\n?/g, '\n');
    return text.trim() === '' ? { kind: 'empty', reason: 'has only blank lines' } : { text };
  } catch {
    return { kind: 'broken', reason: `is not UTF-8 text: ${asUtf8}` };
  }
}

/** Bytes looked at to find what zeros among them mean. */
const inspected = 4000;

/** Every second byte is zero where Latin letters are UTF-16; one here and there is damage; many are no text. */
function withZeros(bytes: Uint8Array): Reason {
  const part = bytes.subarray(0, inspected);
  const zeros = [0, 1].map((side) => part.filter((byte, i) => i % 2 === side && byte === 0).length);
  const [even = 0, odd = 0] = zeros;
  const most = Math.max(even, odd);
  if (most > 3 && most > part.length / 5 && Math.min(even, odd) < most / 10) {
    return { kind: 'broken', reason: `is UTF-16 text without a byte order mark: ${asUtf8}` };
  }
  const control = part.filter((byte) => byte < 32 && byte !== 9 && byte !== 10 && byte !== 13).length;
  if (control > part.length / 10) {
    return { kind: 'unsupported', reason: 'is not a text file: bring a table as CSV UTF-8, or plain text' };
  }
  const before = bytes.subarray(0, bytes.indexOf(0));
  const line = before.reduce((n, byte) => (byte === 10 ? n + 1 : n), 1);
  const reason = `has a zero byte in line ${line}, which text never has: it is damaged or is not a text file; ${asUtf8}`;
  return { kind: 'unsupported', reason };
}
