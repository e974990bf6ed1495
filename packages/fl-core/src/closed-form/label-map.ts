import { elements, type LayerSpec, type ModelLayout, type TensorSpec } from '../models/layout.ts';

/** The last linear map of a classifier, from D features to C labels. */
export interface LabelMap {
  /** The layer that it is part of. */
  readonly layer: LayerSpec;
  readonly weight: TensorSpec;
  readonly bias: TensorSpec;
  /** Whether the weight's values are (C, D), as in PyTorch, or (D, C). */
  readonly order: 'out-in' | 'in-out';
  /** D. */
  readonly features: number;
  /** C. */
  readonly classes: number;
}

/**
 * The map whose outputs are the labels, with a bias; null for a model that has none: one that predicts tokens, or whose
 * map has no bias.
 */
export function labelMapOf(layout: ModelLayout): LabelMap | null {
  for (const layer of layout.layers) {
    if (layer.role !== 'head') continue;
    const tensors = layer.tensors.filter(({ source }) => source === 'labels');
    const bias = tensors.find(({ shape }) => shape.length === 1);
    const weight = tensors.find(({ shape }) => shape.length > 1);
    if (tensors.length !== 2 || !bias || !weight) continue;
    const classes = elements(bias.shape);
    const features = elements(weight.shape) / classes;
    const order = weight.name.endsWith('kernel') ? 'in-out' : 'out-in';
    const labels = order === 'in-out' ? weight.shape.at(-1) : weight.shape[0];
    // A map of several places of a picture at once has more values than features.
    const places = order === 'in-out' ? elements(weight.shape.slice(0, -2)) : elements(weight.shape.slice(2));
    if (labels === classes && places === 1) return { layer, weight, bias, order, features, classes };
  }
  return null;
}

/** Values of the weight in the tensor's order. @param columns (D, C), row-major. */
export function orderedWeight({ order, features, classes }: LabelMap, columns: Float64Array): Float32Array {
  if (order === 'in-out') return Float32Array.from(columns);
  const out = new Float32Array(columns.length);
  for (let j = 0; j < features; j++)
    for (let c = 0; c < classes; c++) out[c * features + j] = columns[j * classes + c]!;
  return out;
}
