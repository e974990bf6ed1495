/** A decoded picture: RGBA bytes, not premultiplied, (height, width, 4), row-major. */
export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array | Uint8ClampedArray;
}

/** A rectangle of a decoded picture: a tile of a sheet, or a whole photo. */
export interface ImageRegion {
  readonly image: DecodedImage;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The whole of a picture as a region. */
export function wholeImage(image: DecodedImage): ImageRegion {
  return { image, left: 0, top: 0, width: image.width, height: image.height };
}

/** The largest centred square of a region, as in the usual evaluation crop. */
export function centreSquare(region: ImageRegion): ImageRegion {
  const side = Math.min(region.width, region.height);
  return {
    image: region.image,
    left: region.left + Math.floor((region.width - side) / 2),
    top: region.top + Math.floor((region.height - side) / 2),
    width: side,
    height: side,
  };
}

/**
 * Writes a region, put on white and resized to (side, side, 3) RGB bytes, into `out` from `offset`.
 *
 * Separable triangle filter: bilinear when enlarging, with the support widened by the factor when reducing, so
 * that every source pixel counts (antialiased bilinear, as in Pillow). At equal size it is the identity.
 */
export function resizeRegion(region: ImageRegion, side: number, out: Uint8Array, offset = 0): void {
  const columns = taps(region.width, side);
  const rows = taps(region.height, side);
  const narrow = resizeRows(region, columns); // (height, side, 3)
  for (const [y, { from, weights }] of rows.entries()) {
    for (let x = 0; x < side * 3; x++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k]! * narrow[(from + k) * side * 3 + x]!;
      out[offset + y * side * 3 + x] = Math.min(255, Math.max(0, Math.round(sum)));
    }
  }
}

interface Taps {
  /** First source pixel. */
  readonly from: number;
  /** Of the source pixels from `from` on; they sum to 1. */
  readonly weights: Float64Array;
}

/** The source pixels that each of `target` pixels is made of. */
function taps(source: number, target: number): Taps[] {
  const scale = source / target;
  const support = Math.max(1, scale);
  return Array.from({ length: target }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const from = Math.max(0, Math.round(centre - support));
    const to = Math.min(source, Math.max(from + 1, Math.round(centre + support)));
    const weights = Float64Array.from({ length: to - from }, (__, k) =>
      Math.max(0, 1 - Math.abs(from + k + 0.5 - centre) / support),
    );
    const sum = weights.reduce((a, b) => a + b, 0);
    return { from, weights: weights.map((w) => w / sum) };
  });
}

/** The rows of a region on white, each reduced to `columns.length` pixels: (height, columns, 3). */
function resizeRows({ image, left, top, height }: ImageRegion, columns: readonly Taps[]): Float32Array {
  const out = new Float32Array(height * columns.length * 3);
  let position = 0;
  for (let y = top; y < top + height; y++) {
    for (const { from, weights } of columns) {
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let k = 0; k < weights.length; k++) {
        const pixel = (y * image.width + left + from + k) * 4;
        const alpha = (weights[k]! * image.rgba[pixel + 3]!) / 255;
        const white = (weights[k]! - alpha) * 255;
        red += alpha * image.rgba[pixel]! + white;
        green += alpha * image.rgba[pixel + 1]! + white;
        blue += alpha * image.rgba[pixel + 2]! + white;
      }
      out[position++] = red;
      out[position++] = green;
      out[position++] = blue;
    }
  }
  return out;
}
