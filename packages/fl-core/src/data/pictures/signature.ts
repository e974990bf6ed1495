/**
 * Kinds of picture by their first bytes, whatever the file is called. Which of them can be decoded is for the decoder
 * to say: browsers differ (Safari knows HEIC, JPEG XL and TIFF).
 */
export type ImageType =
  | 'PNG'
  | 'JPEG'
  | 'GIF'
  | 'BMP'
  | 'WebP'
  | 'AVIF'
  | 'HEIC'
  | 'TIFF'
  | 'ICO'
  | 'JPEG XL'
  | 'JPEG 2000'
  | 'PSD'
  | 'SVG';

const signatures: readonly (readonly [ImageType, number, string])[] = [
  ['PNG', 0, '\x89PNG\r\n\x1a\n'],
  ['JPEG', 0, '\xff\xd8\xff'],
  ['GIF', 0, 'GIF8'],
  ['BMP', 0, 'BM'],
  ['WebP', 8, 'WEBP'],
  ['TIFF', 0, 'II*\0'],
  ['TIFF', 0, 'MM\0*'],
  ['ICO', 0, '\0\0\x01\0'],
  ['JPEG XL', 0, '\xff\x0a'],
  ['JPEG XL', 0, '\0\0\0\x0cJXL \r\n\x87\n'],
  ['JPEG 2000', 0, '\0\0\0\x0cjP  \r\n\x87\n'],
  ['PSD', 0, '8BPS'],
  ['SVG', 0, '<svg'],
];

/** Undefined for what begins like no picture. */
export function imageType(bytes: Uint8Array): ImageType | undefined {
  const known = signatures.find(([, offset, text]) => hasText(bytes, offset, text))?.[0];
  return known ?? ofBrands(bytes);
}

const hasText = (bytes: Uint8Array, offset: number, text: string): boolean =>
  Array.from(text).every((c, i) => bytes[offset + i] === c.charCodeAt(0));

/**
 * AVIF and HEIC are one container (ISO 14496-12, 23008-12). The codec may be named by the major brand or by any of the
 * compatible ones: `mif1` and `msf1` say only that there are pictures.
 */
function ofBrands(bytes: Uint8Array): ImageType | undefined {
  if (!hasText(bytes, 4, 'ftyp')) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(0);
  const box = bytes.subarray(8, Math.min(length, bytes.length, 8 + 4 * 64));
  const brands = Array.from({ length: Math.floor(box.length / 4) }, (_, i) =>
    String.fromCharCode(...box.subarray(4 * i, 4 * i + 4)),
  );
  if (brands.some((brand) => /^avi[fso]$/.test(brand))) return 'AVIF';
  return brands.some((brand) => /^(he[iv][cxms]|mif1|msf1|miaf)$/.test(brand)) ? 'HEIC' : undefined;
}
