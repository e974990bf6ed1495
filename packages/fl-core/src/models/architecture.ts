import { architectureOf, type ModelSpec } from './architectures/index.ts';
import type { ModelLayout } from './layout.ts';

/** Layers of a model with a classification head of `classes` outputs, in forward order. */
export const layoutOf = (spec: ModelSpec, classes: number): ModelLayout =>
  architectureOf(spec).layout(spec, classes);
