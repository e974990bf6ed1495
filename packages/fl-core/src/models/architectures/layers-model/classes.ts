import { z } from 'zod';
import { Activation, Axis, ChannelsLast, Count, One, Zero } from './fields.ts';
import { biased, layer, type Operation, only, type Reader, type Weight } from './operation.ts';
import { common, count, lastOf, type Shape, ShapeError } from './shape.ts';
import {
  conv2d,
  cropping2d,
  depthwiseConv2d,
  globalPooling,
  pooling,
  separableConv2d,
  zeroPadding2d,
} from './windowed.ts';

/** The classes of layers that can be trained: what each makes of shapes, and its weights under Keras' names. */

/** Changes values, not shapes. */
const pointwise = (fields: z.ZodRawShape = {}): Reader => layer(z.object(fields), () => ({ output: only }));

/** Joins several inputs of the same shape. */
const merge = layer(z.object({}), () => ({ output: common }));

const dense = layer(
  z.object({ units: Count, activation: Activation, use_bias: z.boolean().default(true) }),
  (c) => ({
    output: (inputs) => [...only(inputs).slice(0, -1), c.units],
    weights: (input) => [{ name: 'kernel', shape: [lastOf(input), c.units] }, ...biased(c.use_bias, c.units)],
  }),
);

const flatten = layer(z.object({ data_format: ChannelsLast }), () => ({
  output: (inputs) => [count(only(inputs))],
}));

const reshape = layer(
  z.object({ target_shape: z.array(z.number().int().min(-1).nullable()).min(1).max(4) }),
  (c) => ({
    output: (inputs) => {
      const size = count(only(inputs));
      const target = c.target_shape.map((n) => (n === null || n < 1 ? null : n));
      const known = target.reduce<number>((n, axis) => n * (axis ?? 1), 1);
      const open = target.filter((n) => n === null).length;
      if (open > 1) throw new ShapeError('leaves more than one axis open');
      if (size !== null && (open === 0 ? size !== known : size % known !== 0)) {
        throw new ShapeError(`cannot make [${c.target_shape}] of ${size} values`);
      }
      return target.map((n) => (n === null && size !== null ? size / known : n));
    },
  }),
);

const permute = layer(z.object({ dims: z.array(z.number().int().min(1).max(4)).min(1).max(4) }), (c) => ({
  output: (inputs) => {
    const input = only(inputs);
    if (c.dims.toSorted().join() !== input.map((_, i) => i + 1).join()) {
      throw new ShapeError(`cannot order ${input.length} axes as [${c.dims}]`);
    }
    return c.dims.map((axis) => input[axis - 1] ?? null);
  },
}));

/** Keras counts axes with the batch; -1 is the last. */
const lastAxis = (axis: number, input: Shape): void => {
  if (axis !== -1 && axis !== input.length)
    throw new ShapeError(`works along axis ${axis}; only the last is supported`);
};

const scaled = (c: { readonly scale: boolean; readonly center: boolean }, width: number): Weight[] => [
  ...(c.scale ? [{ name: 'gamma', shape: [width] }] : []),
  ...(c.center ? [{ name: 'beta', shape: [width] }] : []),
];

const Normalisation = {
  axis: Axis,
  epsilon: z.number().positive().max(1).default(1e-3),
  center: z.boolean().default(true),
  scale: z.boolean().default(true),
};

const batchNormalization = layer(
  z.object({ ...Normalisation, momentum: z.number().min(0).max(1).default(0.99) }),
  (c) => ({
    normalises: true,
    output: (inputs) => {
      lastAxis(c.axis, only(inputs));
      return only(inputs);
    },
    weights: (input) => [
      ...scaled(c, lastOf(input)),
      { name: 'moving_mean', shape: [lastOf(input)], statistic: true },
      { name: 'moving_variance', shape: [lastOf(input)], statistic: true },
    ],
  }),
);

const layerNormalization = layer(z.object(Normalisation), (c) => ({
  normalises: true,
  output: (inputs) => {
    lastAxis(c.axis, only(inputs));
    return only(inputs);
  },
  weights: (input) => scaled(c, lastOf(input)),
}));

const concatenate = layer(
  z.object({ axis: z.union([z.literal(-1), z.number().int().min(1)]).default(-1) }),
  (c) => ({
    output: (inputs) => {
      const [first = []] = inputs;
      const at = c.axis < 0 ? first.length - 1 : c.axis - 1;
      common(inputs.map((shape) => shape.map((n, i) => (i === at ? 0 : n))));
      const sizes = inputs.map((shape) => shape[at] ?? null);
      const total = sizes.reduce<number | null>(
        (n, size) => (n === null || size === null ? null : n + size),
        0,
      );
      return first.map((n, i) => (i === at ? total : n));
    },
  }),
);

const Rate = z.number().min(0).max(1);

const classes: Readonly<Record<string, Reader>> = {
  Dense: dense,
  Conv2D: conv2d,
  DepthwiseConv2D: depthwiseConv2d,
  SeparableConv2D: separableConv2d,
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  MaxPooling2D: pooling,
  AveragePooling2D: pooling,
  GlobalAveragePooling2D: globalPooling,
  GlobalMaxPooling2D: globalPooling,
  ZeroPadding2D: zeroPadding2d,
  Cropping2D: cropping2d,
  Flatten: flatten,
  Reshape: reshape,
  Permute: permute,
  Add: merge,
  Multiply: merge,
  Average: merge,
  Maximum: merge,
  Minimum: merge,
  Concatenate: concatenate,
  Activation: pointwise({ activation: Activation }),
  ReLU: pointwise({ max_value: z.number().positive().nullish(), negative_slope: Zero, threshold: Zero }),
  LeakyReLU: pointwise({ alpha: z.number().min(0).max(1).default(0.3) }),
  ELU: pointwise({ alpha: One }),
  Softmax: layer(z.object({ axis: Axis }), (c) => ({
    output: (inputs) => {
      lastAxis(c.axis, only(inputs));
      return only(inputs);
    },
  })),
  Rescaling: pointwise({ scale: z.number(), offset: z.number().default(0) }),
  // They do something in training only, and the trainer runs models as in inference.
  Dropout: pointwise({ rate: Rate }),
  GaussianDropout: pointwise({ rate: Rate }),
  AlphaDropout: pointwise({ rate: Rate }),
  GaussianNoise: pointwise({ stddev: z.number().min(0) }),
};

export const classNames: readonly string[] = Object.keys(classes);

/** A layer's operation; undefined for a class that is not known. Throws ZodError for a field that cannot be used. */
export const operationOf = (name: string, config: unknown): Operation | undefined =>
  Object.hasOwn(classes, name) ? classes[name]?.(config) : undefined;
