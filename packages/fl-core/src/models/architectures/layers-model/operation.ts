import type { z } from 'zod';
import { type Shape, ShapeError } from './shape.ts';

/** What a layer does to shapes, and its weights under Keras' names. */

export interface Weight {
  /** After the layer's name: `kernel`, `bias`, ... */
  readonly name: string;
  readonly shape: readonly number[];
  /** Not trained: a moving mean or variance. */
  readonly statistic?: boolean;
}

/** A layer with its configuration. Its functions throw {@link ShapeError} for inputs that it cannot take. */
export interface Operation {
  /** As it goes to tfjs. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Shape of its output from those of its inputs. */
  output(inputs: readonly Shape[]): Shape;
  /** From the shape of its first input. */
  weights(input: Shape): Weight[];
  /** Whether it only scales what the layer before it made, and so belongs to that. */
  readonly normalises: boolean;
}

export type Reader = (config: unknown) => Operation;

interface Behaviour {
  readonly output: (inputs: readonly Shape[]) => Shape;
  readonly weights?: (input: Shape) => Weight[];
  readonly normalises?: boolean;
}

/** A class of layers. @param of what a layer with this configuration does */
export const layer =
  <S extends z.ZodObject>(schema: S, of: (config: z.output<S>) => Behaviour): Reader =>
  (raw) => {
    const config = schema.parse(raw);
    const { weights = () => [], normalises = false, output } = of(config);
    return { config, output, weights, normalises };
  };

/** The one input of a layer that takes no more. */
export const only = (inputs: readonly Shape[]): Shape => {
  const [first] = inputs;
  if (first === undefined || inputs.length > 1) throw new ShapeError(`takes one input, not ${inputs.length}`);
  return first;
};

export const biased = (useBias: boolean, size: number): Weight[] =>
  useBias ? [{ name: 'bias', shape: [size] }] : [];
