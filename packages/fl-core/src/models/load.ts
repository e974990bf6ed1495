import { StrataError } from '../protocol/index.ts';
import type { CreateModel, Model, ModelOptions } from './model.ts';
import { headOf, type ModelSpec } from './spec.ts';

/** A file `forward.ts`. */
interface ForwardHalf<Spec extends ModelSpec> {
  readonly createModel: CreateModel<Spec>;
}

/**
 * A model's forward functions, one stage a layer in the order of its layout. What only its architecture needs of the
 * code is fetched here.
 *
 * @throws StrataError `bad-config` when the classes or the side do not fit the architecture.
 */
export async function loadModel(spec: ModelSpec, options: ModelOptions): Promise<Model> {
  checkClasses(spec, options.classes);
  const half = await forwardHalf(spec);
  return half.createModel(spec, options);
}

/**
 * By the folder's name, so that bundlers make a chunk of each and whoever imports the list of architectures gets none.
 * The one place where a file is believed to be for the specs of its folder; `forward.test.ts` holds them to it.
 */
const forwardHalf = <Spec extends ModelSpec>({ architecture }: Spec): Promise<ForwardHalf<Spec>> =>
  import(`./architectures/${architecture}/forward.ts`);

function checkClasses(spec: ModelSpec, classes: number): void {
  if (headOf(spec) === 'next-token') return;
  if (Number.isInteger(classes) && classes >= 2) return;
  throw new StrataError(
    'bad-config',
    `A classifier of ${classes} classes cannot be made.`,
    'Give 2 labels or more.',
  );
}
