import type { Catalog } from '../protocol/index.ts';
import { layoutOf } from './architecture.ts';
import { parameterCount } from './layout.ts';
import type { ModelSpec } from './spec.ts';
import { tasksOf } from './tasks.ts';

type Described = Omit<Catalog['models'][number], 'id' | 'availability' | 'note'>;

/** Sides of images that a model takes are multiples of one; one that takes a single side has that as both. */
function sides(spec: ModelSpec): Pick<Described, 'sideMultiple' | 'largestSide'> {
  const any = { sideMultiple: 1, largestSide: 512 };
  if (spec.kind === 'text') return any;
  if (spec.architecture !== 'layers-model') return { ...any, sideMultiple: spec.patch };
  return spec.side === null ? any : { sideMultiple: spec.side, largestSide: spec.side };
}

/** A model as the operator chooses it. */
export function describeModel(spec: ModelSpec): Described {
  // The head depends on the run's labels and is not counted.
  const layers = layoutOf(spec, 2).layers.filter((l) => l.role !== 'head');
  return {
    title: spec.title,
    description: spec.description,
    kind: spec.kind,
    tasks: [...tasksOf(spec)],
    parameters: layers.reduce((n, l) => n + parameterCount(l), 0),
    layers: layers.filter((l) => l.role === 'block').map((l) => l.name),
    maxTokens: spec.kind === 'text' ? spec.maxTokens : 0,
    defaultSide: spec.kind === 'image' ? spec.defaultSide : 0,
    ...sides(spec),
  };
}
