import type { Reason } from '../problems.ts';

interface FileKind {
  /** What it is, and what to do. */
  readonly reason: string;
  readonly is: (bytes: Uint8Array, beginning: string) => boolean;
}

/** Characters of a file that are looked at. */
const inspected = 4096;

const signature =
  (...signs: readonly (number | string)[]) =>
  (bytes: Uint8Array): boolean =>
    signs
      .flatMap((sign) =>
        typeof sign === 'string' ? Array.from(sign, (letter) => letter.charCodeAt(0)) : [sign],
      )
      .every((byte, i) => bytes[i] === byte);

const asCsv = 'open it and export it as CSV UTF-8';
const unpack = 'unpack it, and choose the files in it (a ZIP can be chosen as it is, when it is called .zip)';
const zip = signature('PK', 3, 4);

/** Files that are no plain text, though they are often called `.csv` or brought in place of one; the surer first. */
const kinds: readonly FileKind[] = [
  { is: (bytes, text) => zip(bytes) && /xl\/|xl\\/.test(text), reason: `is an Excel file: ${asCsv}` },
  {
    is: (bytes, text) => zip(bytes) && /word\//.test(text),
    reason:
      'is a Word document: save it as plain text, or copy its table into a spreadsheet and export that as CSV UTF-8',
  },
  {
    is: (bytes, text) => zip(bytes) && /opendocument\.spreadsheet/.test(text),
    reason: `is an OpenDocument spreadsheet: ${asCsv}`,
  },
  {
    is: zip,
    reason: `is an office document or archive: export it as CSV or plain text, or call it .zip if it is one`,
  },
  {
    is: signature(0xd0, 0xcf, 0x11, 0xe0),
    reason: `is an old Excel or Word file (.xls, .doc), whatever it is called: ${asCsv}`,
  },
  {
    is: signature('%PDF-'),
    reason: 'is a PDF: copy its text into a plain text file, or its table into a CSV file',
  },
  { is: signature('{\\rtf'), reason: 'is a document in Rich Text Format: save it as plain text' },
  {
    is: signature('PAR1'),
    reason:
      'is a Parquet file: save it as CSV, in Python with pandas.read_parquet("FILE").to_csv("FILE.csv", index=False)',
  },
  {
    is: (bytes) => signature('ARROW1')(bytes) || signature('FEA1')(bytes),
    reason:
      'is an Arrow or Feather file: save it as CSV, in Python with pandas.read_feather("FILE").to_csv("FILE.csv", index=False)',
  },
  { is: signature('SQLite format 3'), reason: 'is a SQLite database: export the table as CSV' },
  { is: signature(0x89, 'HDF'), reason: 'is an HDF5 file: save the table as CSV UTF-8' },
  { is: signature(0x93, 'NUMPY'), reason: 'is a NumPy array: save the texts and labels as CSV UTF-8' },
  {
    is: (bytes) => bytes[0] === 0x80 && (bytes[1] ?? 0) >= 2 && (bytes[1] ?? 9) <= 5 && bytes.at(-1) === 0x2e,
    reason: 'is a Python pickle: save the table as CSV, with pandas .to_csv("FILE.csv", index=False)',
  },
  { is: signature(0x1f, 0x8b), reason: `is compressed by gzip: ${unpack}` },
  {
    is: (bytes) => signature('BZh')(bytes) && bytes.includes(0),
    reason: `is compressed by bzip2: ${unpack}`,
  },
  { is: signature(0xfd, '7zXZ'), reason: `is compressed by xz: ${unpack}` },
  { is: signature(0x28, 0xb5, 0x2f, 0xfd), reason: `is compressed by Zstandard: ${unpack}` },
  { is: signature('7z', 0xbc, 0xaf), reason: `is a 7z archive: ${unpack}` },
  { is: signature('Rar!'), reason: `is a RAR archive: ${unpack}` },
  { is: (_, text) => text.slice(257, 262) === 'ustar', reason: `is a tar archive: ${unpack}` },
  {
    is: signature('version https://git-lfs.github.com/spec/'),
    reason:
      'is not the data but a pointer of Git LFS to it: fetch the file itself, with "git lfs pull" or the download button',
  },
  {
    is: (bytes) =>
      signature(0x89, 'PNG')(bytes) || signature(0xff, 0xd8, 0xff)(bytes) || signature('GIF8')(bytes),
    reason: 'is a picture, not a text file: this run learns from texts',
  },
];

/** Web pages that were saved in place of the table they show: plain text, but no table. */
const pages = /^\s*<(?:!doctype html|html|head|body|table|meta)\b/i;

/** Why the bytes are no plain text, by how they begin; null where they may be. */
export function refusedKind(bytes: Uint8Array): Reason | null {
  const beginning = Array.from(bytes.subarray(0, inspected), (byte) => String.fromCharCode(byte)).join('');
  const found = kinds.find(({ is }) => is(bytes, beginning));
  return found === undefined ? null : { kind: 'unsupported', reason: found.reason };
}

/** Why a text is no table; null where it may be. */
export const refusedTable = (text: string): Reason | null =>
  pages.test(text)
    ? { kind: 'unsupported', reason: 'is a web page (HTML), not a table: download the table itself, as CSV' }
    : /^\s*<\?xml/i.test(text)
      ? { kind: 'unsupported', reason: `is XML, not a table: ${asCsv}` }
      : null;
