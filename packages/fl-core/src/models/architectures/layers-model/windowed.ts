import { z } from 'zod';
import { Activation, ChannelsLast, Count, Margins, One, Padding, Pair, Undilated } from './fields.ts';
import { biased, layer, only } from './operation.ts';
import { image, type Shape, ShapeError, windows } from './shape.ts';

/** Layers that look at windows of an image, or move its borders. */

const Convolution = {
  kernel_size: Pair,
  strides: Pair.default([1, 1]),
  padding: Padding,
  data_format: ChannelsLast,
  dilation_rate: Undilated,
  groups: One,
  activation: Activation,
  use_bias: z.boolean().default(true),
};
type Windowed = { readonly strides: [number, number]; readonly padding: 'valid' | 'same' };

/** What windows of a size see of an image, with so many channels. */
function slide(
  input: Shape,
  [high, wide]: readonly [number, number],
  { strides, padding }: Windowed,
  channels: number,
): Shape {
  const [height, width] = image(input);
  return [windows(height, high, strides[0], padding), windows(width, wide, strides[1], padding), channels];
}

export const conv2d = layer(z.object({ ...Convolution, filters: Count }), (c) => ({
  output: (inputs) => slide(only(inputs), c.kernel_size, c, c.filters),
  weights: (input) => [
    { name: 'kernel', shape: [...c.kernel_size, image(input)[2], c.filters] },
    ...biased(c.use_bias, c.filters),
  ],
}));

export const depthwiseConv2d = layer(
  z.object({ ...Convolution, depth_multiplier: Count.default(1) }),
  (c) => ({
    output: (inputs) => slide(only(inputs), c.kernel_size, c, c.depth_multiplier * image(only(inputs))[2]),
    weights: (input) => [
      { name: 'depthwise_kernel', shape: [...c.kernel_size, image(input)[2], c.depth_multiplier] },
      ...biased(c.use_bias, c.depth_multiplier * image(input)[2]),
    ],
  }),
);

export const separableConv2d = layer(
  z.object({ ...Convolution, filters: Count, depth_multiplier: Count.default(1) }),
  (c) => ({
    output: (inputs) => slide(only(inputs), c.kernel_size, c, c.filters),
    weights: (input) => [
      { name: 'depthwise_kernel', shape: [...c.kernel_size, image(input)[2], c.depth_multiplier] },
      { name: 'pointwise_kernel', shape: [1, 1, image(input)[2] * c.depth_multiplier, c.filters] },
      ...biased(c.use_bias, c.filters),
    ],
  }),
);

export const pooling = layer(
  z.object({
    pool_size: Pair.default([2, 2]),
    strides: Pair.nullish(),
    padding: Padding,
    data_format: ChannelsLast,
  }),
  (c) => ({
    output: (inputs) =>
      slide(
        only(inputs),
        c.pool_size,
        { strides: c.strides ?? c.pool_size, padding: c.padding },
        image(only(inputs))[2],
      ),
  }),
);

export const globalPooling = layer(
  z.object({ data_format: ChannelsLast, keepdims: z.literal(false).nullish() }),
  () => ({
    output: (inputs) => [image(only(inputs))[2]],
  }),
);

/** Moves each side by the margins, outwards (1) or inwards (-1). */
const moved = (input: Shape, margins: z.output<typeof Margins>, direction: 1 | -1): Shape => {
  const [height, width, channels] = image(input);
  const [high, wide] = [height, width].map((size, i) => {
    const [before, after] = margins[i] ?? [0, 0];
    const left = size === null ? null : size + direction * (before + after);
    if (left !== null && left < 1) throw new ShapeError(`leaves nothing of an axis of ${size}`);
    return left;
  });
  return [high ?? null, wide ?? null, channels];
};

export const zeroPadding2d = layer(
  z.object({
    padding: Margins.default([
      [1, 1],
      [1, 1],
    ]),
    data_format: ChannelsLast,
  }),
  (c) => ({
    output: (inputs) => moved(only(inputs), c.padding, 1),
  }),
);

export const cropping2d = layer(z.object({ cropping: Margins, data_format: ChannelsLast }), (c) => ({
  output: (inputs) => moved(only(inputs), c.cropping, -1),
}));
