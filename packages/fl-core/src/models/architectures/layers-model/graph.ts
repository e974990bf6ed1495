import { z } from 'zod';
import { operationOf } from './classes.ts';
import type { Operation, Weight } from './operation.ts';
import { refusedLayer } from './refusal.ts';
import { type Shape, ShapeError } from './shape.ts';
import { inputName, type KerasLayer } from './spec.ts';

/** A layer in its place: what it computes, and of which shapes. */
export interface Node {
  readonly layer: KerasLayer;
  readonly operation: Operation;
  readonly output: Shape;
  readonly weights: readonly Weight[];
}

/**
 * Follows the shapes from the images (height, width, channels) to the output.
 *
 * @throws StrataError `bad-model` that names the layer which is not known, comes before its inputs, or cannot take
 *   them.
 */
export function nodesOf(layers: readonly KerasLayer[], input: Shape): Node[] {
  const shapes = new Map<string, Shape>([[inputName, input]]);
  return layers.map((layer) => {
    const node = nodeOf(layer, shapes);
    shapes.set(layer.name, node.output);
    return node;
  });
}

function nodeOf(layer: KerasLayer, shapes: ReadonlyMap<string, Shape>): Node {
  const { name, inputs } = layer;
  if (shapes.has(name)) throw refusedLayer(name, 'has the name of another one', anew);
  const given = inputs.map((input) => {
    const shape = shapes.get(input);
    if (shape === undefined) throw refusedLayer(name, `comes before its input ${input}`, anew);
    return shape;
  });
  try {
    const operation = operationOf(layer.class, layer.config);
    if (operation === undefined) throw refusedLayer(name, `is of the unknown class ${layer.class}`, anew);
    return {
      layer,
      operation,
      output: operation.output(given),
      weights: operation.weights(given[0] ?? []),
    };
  } catch (cause) {
    if (cause instanceof ShapeError) {
      throw refusedLayer(
        name,
        `(${layer.class}) ${cause.message}`,
        'Choose the side of images that the model was made for, or correct the model and save it again.',
        cause,
      );
    }
    if (cause instanceof z.ZodError)
      throw refusedLayer(name, `cannot be used (${cause.message})`, anew, cause);
    throw cause;
  }
}

const anew = 'Have the server read the model again.';
