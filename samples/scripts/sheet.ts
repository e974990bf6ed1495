import { writeFile } from 'node:fs/promises';
import sharp from 'sharp';

export interface SheetSize {
  /** Side of a square tile in pixels. */
  readonly tile: number;
  readonly columns: number;
  /** 1: grey, 3: RGB. */
  readonly channels: 1 | 3;
}

/** Copies tiles, each (tile, tile, channels), row by row into one sheet on white. */
export function composeSheet(tiles: readonly Uint8Array[], { tile, columns, channels }: SheetSize): Buffer {
  const stride = columns * tile * channels;
  const sheet = Buffer.alloc(stride * tile * Math.ceil(tiles.length / columns), 255);
  tiles.forEach((pixels, i) => {
    const left = (i % columns) * tile * channels;
    const top = Math.floor(i / columns) * tile;
    for (let y = 0; y < tile; y++) {
      sheet.set(pixels.subarray(y * tile * channels, (y + 1) * tile * channels), (top + y) * stride + left);
    }
  });
  return sheet;
}

/** Writes a sheet as PNG, with whichever row filter makes the smaller file, and returns its bytes. */
export async function writeSheet(file: string, sheet: Buffer, size: SheetSize): Promise<number> {
  const { channels } = size;
  const width = size.columns * size.tile;
  const raw = { width, height: sheet.length / width / channels, channels };
  const encoded = await Promise.all(
    [true, false].map((adaptiveFiltering) => {
      const image = sharp(sheet, { raw }).png({ compressionLevel: 9, adaptiveFiltering });
      return (channels === 1 ? image.toColourspace('b-w') : image).toBuffer();
    }),
  );
  const smallest = encoded.reduce((a, b) => (b.length < a.length ? b : a));
  await writeFile(file, smallest);
  return smallest.length;
}

/** The JSON object `{...head, items}` with one item a line: compact, and readable in a diff. */
export function formatLabels(head: Readonly<Record<string, unknown>>, items: readonly unknown[]): string {
  const fields = Object.entries(head).map(
    ([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)},`,
  );
  const lines = items.map((item) => `    ${JSON.stringify(item)}`);
  return ['{', ...fields, '  "items": [', lines.join(',\n'), '  ]', '}', ''].join('\n');
}
