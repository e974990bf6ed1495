import { StrataError } from '../protocol/index.ts';
import { bertModel } from './bert/forward.ts';
import { clipModel } from './clip/forward.ts';
import { distilBertModel } from './distilbert/forward.ts';
import { gpt2Model } from './gpt2/forward.ts';
import type { Model } from './model.ts';
import { robertaModel } from './roberta/forward.ts';
import { type ModelSpec, type OwnModelSpec, taskOf } from './spec.ts';
import { useLiteModel } from './use-lite/forward.ts';
import { vitModel } from './vit/forward.ts';

export interface ModelOptions {
  /** Outputs of the classification head, 2 or more; not looked at where the next token is predicted. */
  readonly classes: number;
  /** Side of the input images in pixels; text models do not look at it. */
  readonly side: number;
}

/**
 * A model's forward functions, one stage a layer in the order of its layout.
 *
 * @throws StrataError `bad-config` when the classes or the side do not fit the architecture.
 */
export function createModel(spec: OwnModelSpec, { classes, side }: ModelOptions): Model {
  checkClasses(spec, classes);
  switch (spec.architecture) {
    case 'use-lite':
      return useLiteModel(spec, classes);
    case 'vit':
      return vitModel(spec, classes, side);
    case 'clip':
      return clipModel(spec, classes, side);
    case 'bert':
      return bertModel(spec, classes);
    case 'roberta':
      return robertaModel(spec, classes);
    case 'distilbert':
      return distilBertModel(spec, classes);
    case 'gpt2':
      return gpt2Model(spec, classes);
    default:
      return spec satisfies never;
  }
}

/** The same for every architecture; what only some models need of the code is fetched when they are made. */
export async function loadModel(spec: ModelSpec, options: ModelOptions): Promise<Model> {
  if (spec.architecture !== 'layers-model') return createModel(spec, options);
  checkClasses(spec, options.classes);
  const { layersModel } = await import('./layers-model/forward.ts');
  return layersModel(spec, options);
}

function checkClasses(spec: ModelSpec, classes: number): void {
  if (taskOf(spec) === 'next-token') return;
  if (Number.isInteger(classes) && classes >= 2) return;
  throw new StrataError(
    'bad-config',
    `A classifier of ${classes} classes cannot be made.`,
    'Give 2 labels or more.',
  );
}
