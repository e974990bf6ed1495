import type { Catalog } from '../protocol/index.ts';
import { layoutOf } from './architecture.ts';
import { architectureOf } from './architectures/index.ts';
import { parameterCount } from './layout.ts';
import type { ModelSpec } from './spec.ts';

type Described = Omit<Catalog['models'][number], 'id' | 'availability' | 'note'>;

/** A model as the operator chooses it. */
export function describeModel(spec: ModelSpec): Described {
  // The head depends on the run's labels and is not counted.
  const layers = layoutOf(spec, 2).layers.filter((l) => l.role !== 'head');
  return {
    title: spec.title,
    description: spec.description,
    kind: spec.kind,
    tasks: [...architectureOf(spec).tasks],
    parameters: layers.reduce((n, l) => n + parameterCount(l), 0),
    layers: layers.filter((l) => l.role === 'block').map((l) => l.name),
    maxTokens: spec.kind === 'text' ? spec.maxTokens : 0,
    defaultSide: spec.kind === 'image' ? spec.defaultSide : 0,
    ...architectureOf(spec).sides(spec),
  };
}
