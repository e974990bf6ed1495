import { type NamedTensor, StrataError } from '../protocol/index.ts';
import type { ModelLayout } from './layout.ts';

/**
 * Sorts a whole model's tensors into its layers, in the layout's order, so that the same weights always give
 * the same bytes a layer.
 *
 * @throws StrataError `bad-model` that names the tensor which is missing, has another shape than the layout
 * says, comes twice, or is not part of the model.
 */
export function splitIntoLayers(
  layout: ModelLayout,
  tensors: readonly NamedTensor[],
): Map<string, NamedTensor[]> {
  const left = new Map<string, NamedTensor>();
  for (const tensor of tensors) {
    if (left.has(tensor.name)) throw bad(`Tensor ${tensor.name} is there twice.`);
    left.set(tensor.name, tensor);
  }
  const layers = new Map<string, NamedTensor[]>();
  for (const layer of layout.layers) {
    layers.set(
      layer.name,
      layer.tensors.map(({ name, shape }) => {
        const tensor = left.get(name);
        if (!tensor) throw bad(`Tensor ${name} of layer ${layer.name} is missing.`);
        if (!sameShape(tensor.shape, shape)) {
          throw bad(`Tensor ${name} has the shape [${tensor.shape}]; the model needs [${shape}].`);
        }
        left.delete(name);
        return tensor;
      }),
    );
  }
  const [unknown] = left.keys();
  if (unknown !== undefined) throw bad(`Tensor ${unknown} is not part of this model.`);
  return layers;
}

const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((n, i) => n === b[i]);

const bad = (message: string) =>
  new StrataError('bad-model', message, 'Use the unchanged weights of the model that the run names.');
