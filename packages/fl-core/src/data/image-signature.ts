/** Kinds of picture that browsers decode. */
export type ImageType = 'png' | 'jpeg' | 'gif' | 'bmp' | 'webp' | 'avif';

const signatures: readonly (readonly [ImageType, number, string])[] = [
  ['png', 0, '\x89PNG\r\n\x1a\n'],
  ['jpeg', 0, '\xff\xd8\xff'],
  ['gif', 0, 'GIF8'],
  ['bmp', 0, 'BM'],
  ['webp', 8, 'WEBP'],
  ['avif', 4, 'ftypavif'],
];

/** The kind of picture that the first bytes announce, whatever the file is called; undefined for all others. */
export function imageType(bytes: Uint8Array): ImageType | undefined {
  return signatures.find(([, offset, text]) =>
    Array.from(text).every((c, i) => bytes[offset + i] === c.charCodeAt(0)),
  )?.[0];
}
