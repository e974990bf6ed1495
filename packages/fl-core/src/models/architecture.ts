import { bertLayout } from './bert/layout.ts';
import { clipLayout } from './clip/layout.ts';
import { distilBertLayout } from './distilbert/layout.ts';
import { gpt2Layout } from './gpt2/layout.ts';
import { layersModelLayout } from './layers-model/layout.ts';
import type { ModelLayout } from './layout.ts';
import { robertaLayout } from './roberta/layout.ts';
import type { ModelSpec } from './spec.ts';
import { useLiteLayout } from './use-lite/layout.ts';
import { vitLayout } from './vit/layout.ts';

/** Layers of a model with a classification head of `classes` outputs, in forward order. */
export function layoutOf(spec: ModelSpec, classes: number): ModelLayout {
  switch (spec.architecture) {
    case 'use-lite':
      return useLiteLayout(spec, classes);
    case 'vit':
      return vitLayout(spec, classes);
    case 'clip':
      return clipLayout(spec, classes);
    case 'bert':
      return bertLayout(spec, classes);
    case 'roberta':
      return robertaLayout(spec, classes);
    case 'distilbert':
      return distilBertLayout(spec, classes);
    case 'gpt2':
      return gpt2Layout(spec, classes);
    case 'layers-model':
      return layersModelLayout(spec, classes);
    default:
      return spec satisfies never;
  }
}
