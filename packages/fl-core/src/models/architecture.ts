import type { ModelSpec } from './catalog.ts';
import type { ModelLayout } from './layout.ts';
import { useLiteLayout } from './use-lite/layout.ts';
import { vitLayout } from './vit/layout.ts';

/** Layers of a model with a classification head of `classes` outputs, in forward order. */
export function layoutOf(spec: ModelSpec, classes: number): ModelLayout {
  switch (spec.architecture) {
    case 'use-lite':
      return useLiteLayout(spec, classes);
    case 'vit':
      return vitLayout(spec, classes);
    default:
      return spec satisfies never;
  }
}
