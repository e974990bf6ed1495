import type { Catalog, TaskName } from '../protocol/index.ts';
import { architectureOf, architectures, layoutOf } from './architectures/index.ts';
import type { AnySpec } from './common-spec.ts';
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

/** Architectures that transformers has and that can be trained for the same. */
export interface Family {
  readonly kind: AnySpec['kind'];
  readonly tasks: readonly TaskName[];
  readonly titles: readonly string[];
}

/** Whose files an operator may bring, in the order of the list. */
export function families(): Family[] {
  const found = new Map<string, Family>();
  for (const { kind, tasks, title, transformers } of architectures) {
    if (transformers === undefined) continue;
    const key = [kind, ...tasks].join();
    found.set(key, { kind, tasks, titles: [...(found.get(key)?.titles ?? []), title] });
  }
  return [...found.values()];
}
