import { StrataError } from '../protocol/index.ts';
import { architectureOf } from './architectures/index.ts';
import type { Model, ModelOptions } from './model.ts';
import { type ModelSpec, taskOf } from './spec.ts';

/**
 * A model's forward functions, one stage a layer in the order of its layout. What only its architecture needs of the
 * code is fetched here.
 *
 * @throws StrataError `bad-config` when the classes or the side do not fit the architecture.
 */
export async function loadModel(spec: ModelSpec, options: ModelOptions): Promise<Model> {
  checkClasses(spec, options.classes);
  return architectureOf(spec).load(spec, options);
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
