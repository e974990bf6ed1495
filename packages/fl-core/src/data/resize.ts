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
  const narrow = new Float32Array(region.height * side * 3);
  reduceRows(region, side, narrow, 0);
  columnsTo(narrow, region.height, side, out, offset);
}

/**
 * The first half of {@link resizeRegion}, for a picture that is read in bands: the rows of `band`, on white and each
 * reduced to `side` pixels, into `narrow`, (height, side, 3), from its row `row`.
 */
export function rowsTo(band: DecodedImage, side: number, narrow: Float32Array, row: number): void {
  reduceRows(wholeImage(band), side, narrow, row);
}

/** The second half: the columns of `narrow`, (height, side, 3), reduced to `side` pixels. */
export function columnsTo(
  narrow: Float32Array,
  height: number,
  side: number,
  out: Uint8Array,
  offset: number,
): void {
  const { first, end, weights, width } = taps(height, side);
  const stride = side * 3;
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < stride; x++) {
      let sum = 0;
      let weight = y * width;
      for (let row = first[y]!; row < end[y]!; row++) sum += weights[weight++]! * narrow[row * stride + x]!;
      out[offset + y * stride + x] = Math.min(255, Math.max(0, Math.round(sum)));
    }
  }
}

/** Which source pixels each target pixel is made of: `first` to before `end`, with weights that sum to 1. */
interface Taps {
  readonly first: Int32Array;
  readonly end: Int32Array;
  /** (target, width); a row holds end - first weights. */
  readonly weights: Float64Array;
  readonly width: number;
}

function taps(source: number, target: number): Taps {
  const scale = source / target;
  const support = Math.max(1, scale);
  const width = 2 * Math.ceil(support) + 1;
  const first = new Int32Array(target);
  const end = new Int32Array(target);
  const weights = new Float64Array(target * width);
  for (let i = 0; i < target; i++) {
    const centre = (i + 0.5) * scale;
    // The pixels whose middle, at k + 0.5, is nearer to the centre than the support.
    first[i] = Math.max(0, Math.floor(centre - support + 0.5));
    end[i] = Math.min(source, Math.ceil(centre + support - 0.5));
    let sum = 0;
    for (let k = first[i]!; k < end[i]!; k++) {
      const weight = Math.max(0, 1 - Math.abs(k + 0.5 - centre) / support);
      weights[i * width + k - first[i]!] = weight;
      sum += weight;
    }
    for (let k = 0; k < width; k++) weights[i * width + k]! /= sum;
  }
  return { first, end, weights, width };
}

/** The rows of a region on white, each reduced to `side` pixels. */
function reduceRows(region: ImageRegion, side: number, narrow: Float32Array, row: number): void {
  const { image, left, top, width: source, height } = region;
  const { rgba } = image;
  const { first, end, weights, width } = taps(source, side);
  const opaque = isOpaque(region); // as photos are, which are the large ones
  let position = row * side * 3;
  for (let y = top; y < top + height; y++) {
    for (let x = 0; x < side; x++) {
      let red = 0;
      let green = 0;
      let blue = 0;
      let weight = x * width;
      let pixel = (y * image.width + left + first[x]!) * 4;
      if (opaque) {
        for (let k = first[x]!; k < end[x]!; k++) {
          const share = weights[weight++]!;
          red += share * rgba[pixel]!;
          green += share * rgba[pixel + 1]!;
          blue += share * rgba[pixel + 2]!;
          pixel += 4;
        }
      } else {
        for (let k = first[x]!; k < end[x]!; k++) {
          const alpha = (weights[weight]! * rgba[pixel + 3]!) / 255;
          const white = (weights[weight]! - alpha) * 255;
          red += alpha * rgba[pixel]! + white;
          green += alpha * rgba[pixel + 1]! + white;
          blue += alpha * rgba[pixel + 2]! + white;
          weight += 1;
          pixel += 4;
        }
      }
      narrow[position++] = red;
      narrow[position++] = green;
      narrow[position++] = blue;
    }
  }
}

/** Of the region alone: a sheet of thousands of tiles is not gone through for each of them. */
function isOpaque({ image, left, top, width, height }: ImageRegion): boolean {
  for (let y = top; y < top + height; y++) {
    const end = (y * image.width + left + width) * 4;
    for (let i = (y * image.width + left) * 4 + 3; i < end; i += 4) if (image.rgba[i] !== 255) return false;
  }
  return true;
}
