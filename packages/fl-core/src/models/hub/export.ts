import { architectureOf } from '../architectures/index.ts';
import type { TensorSpec } from '../layout.ts';
import type { ModelSpec } from '../spec.ts';

export type NamedShape = Pick<TensorSpec, 'name' | 'shape'>;

/**
 * One tensor as transformers names and divides it: ViT's joint queries, keys and values become three. The parts'
 * values follow each other as they do in the tensor.
 */
export function exportedTensors(spec: ModelSpec, { name, shape }: NamedShape): NamedShape[] {
  const [written] = architectureOf(spec).dialects(spec);
  const names = written(name);
  const [first = 1, ...rest] = shape;
  return names.map((part) => ({
    name: part,
    shape: names.length === 1 ? shape : [first / names.length, ...rest],
  }));
}
