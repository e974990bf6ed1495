/** Shape of one sample's tensor, the batch left out; null where it follows from the side of the images. */
export type Shape = readonly (number | null)[];

/** Says why a layer cannot take an input; the caller adds which layer. */
export class ShapeError extends Error {}

/** `(32, 32, 3)`. */
export const shapeText = (shape: Shape): string => `(${shape.map((n) => n ?? '?').join(', ')})`;

export type Padding = 'valid' | 'same';

/** Places of a window along an axis of `size`. */
export function windows(
  size: number | null,
  window: number,
  stride: number,
  padding: Padding,
): number | null {
  if (size === null) return null;
  const places = padding === 'same' ? Math.ceil(size / stride) : Math.floor((size - window) / stride) + 1;
  if (places < 1) throw new ShapeError(`has a window of ${window} on an axis of ${size}`);
  return places;
}

/** Height, width and channels of an image. */
export function image(shape: Shape | undefined): readonly [number | null, number | null, number] {
  const [height = null, width = null, channels = null] = shape ?? [];
  if (shape?.length !== 3 || channels === null) {
    throw new ShapeError(`takes (height, width, channels) and gets ${shapeText(shape ?? [])}`);
  }
  return [height, width, channels];
}

/** Size of the last axis. */
export function lastOf(shape: Shape | undefined): number {
  const last = shape?.at(-1) ?? null;
  if (last === null) throw new ShapeError('gets an input whose last axis depends on the side of the images');
  return last;
}

/** Number of values; null where it follows from the side of the images. */
export const count = (shape: Shape): number | null =>
  shape.reduce<number | null>((n, size) => (n === null || size === null ? null : n * size), 1);

/** The shape that all inputs have. */
export function common(inputs: readonly Shape[]): Shape {
  const [first = [], ...rest] = inputs;
  if (inputs.length < 2) throw new ShapeError('takes two inputs or more');
  for (const other of rest) {
    if (other.join() !== first.join()) {
      throw new ShapeError(`gets inputs of ${shapeText(first)} and ${shapeText(other)}`);
    }
  }
  return first;
}
