import { z } from 'zod';

/** Fields of Keras' layer configurations, as tfjs and Keras 2 write them. */

export const Count = z.number().int().min(1).max(100_000);
const Margin = z.number().int().min(0).max(1000);

/** A number for both axes, or one each. */
export const Pair = z.union([
  z.tuple([Count, Count]),
  Count.transform((n): [number, number] => [n, n]),
  z.tuple([Count]).transform(([n]): [number, number] => [n, n]),
]);

/** [[top, bottom], [left, right]], in Keras' shorter spellings too. */
export const Margins = z.union([
  z.tuple([z.tuple([Margin, Margin]), z.tuple([Margin, Margin])]),
  z.tuple([Margin, Margin]).transform(([h, w]): [[number, number], [number, number]] => [
    [h, h],
    [w, w],
  ]),
  Margin.transform((n): [[number, number], [number, number]] => [
    [n, n],
    [n, n],
  ]),
]);

/** Activations with a gradient on every backend, by Keras' names. */
export const activations = [
  'linear',
  'relu',
  'relu6',
  'elu',
  'selu',
  'sigmoid',
  'hard_sigmoid',
  'softplus',
  'tanh',
  'swish',
  'gelu',
  'softmax',
] as const;
export const Activation = z
  .enum(activations)
  .nullish()
  .transform((name) => name ?? 'linear');

export const Padding = z.enum(['valid', 'same']).default('valid');

/** A field that must have this value or be absent, because nothing else is built. */
const only = <T extends string | number>(value: T) =>
  z.literal(value, { error: `only ${JSON.stringify(value)} is supported` }).nullish();

export const ChannelsLast = only('channels_last');
export const One = only(1);
export const Zero = only(0);

/** tfjs' gradient of a spaced convolution is wrong on every backend. */
export const Undilated = Pair.refine(([h, w]) => h === 1 && w === 1, 'only 1 is supported').nullish();

/** Keras also writes an axis as [3]. */
export const Axis = z
  .union([z.number().int(), z.tuple([z.number().int()]).transform(([n]) => n)])
  .nullish()
  .transform((axis) => axis ?? -1);
