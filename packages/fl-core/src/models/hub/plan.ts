import { StrataError } from '../../protocol/index.ts';
import { architectureOf } from '../architectures/index.ts';
import type { ModelLayout, TensorSpec } from '../layout.ts';
import type { ModelSpec } from '../spec.ts';
import type { Dialect, HubName } from './transformers.ts';

/** Where a tensor comes from: tensors of a file, or the seed. */
export type PlannedTensor =
  | { readonly from: 'file'; readonly tensor: TensorSpec; readonly sources: HubName }
  | { readonly from: 'seed'; readonly tensor: TensorSpec };

export interface PlannedLayer {
  readonly name: string;
  readonly tensors: readonly PlannedTensor[];
}

export interface PlanOptions {
  /** Shapes of the tensors that the file or its shards have. */
  readonly available: ReadonlyMap<string, readonly number[]>;
  /** Whether the file's classifier is for the labels of the run. */
  readonly sameLabels: boolean;
}

/**
 * Which tensors of a file make which layer, before any is read. Tensors that the model does not use (a text half, a
 * language modelling head, buffers) are left alone, as transformers does.
 *
 * @throws StrataError `bad-model` that names the tensor which is missing or has another shape than the model needs.
 */
export function planImport(spec: ModelSpec, layout: ModelLayout, options: PlanOptions): PlannedLayer[] {
  const dialect = spokenBy(options.available, spec, layout);
  return layout.layers.map(({ name, tensors }) => ({
    name,
    tensors: tensors.map((tensor) => planTensor(dialect, name, tensor, options)),
  }));
}

/** The dialect in which the file has most of the tensors. */
function spokenBy(available: PlanOptions['available'], spec: ModelSpec, layout: ModelLayout): Dialect {
  const tensors = layout.layers.flatMap((layer) => layer.tensors);
  const found = (dialect: Dialect) =>
    tensors.filter(({ name }) => dialect(name).some((source) => available.has(source))).length;
  return architectureOf(spec)
    .dialects(spec)
    .reduce((best, dialect) => (found(dialect) > found(best) ? dialect : best));
}

function planTensor(
  dialect: Dialect,
  layer: string,
  tensor: TensorSpec,
  { available, sameLabels }: PlanOptions,
): PlannedTensor {
  const { source = 'file' } = tensor;
  if (source === 'labels' && !sameLabels) return { from: 'seed', tensor };
  const sources = dialect(tensor.name);
  const missing = sources.find((name) => !available.has(name));
  if (missing !== undefined) {
    if (source !== 'file') return { from: 'seed', tensor };
    throw bad(`Tensor ${missing} of layer ${layer} is missing.`);
  }
  checkShapes(tensor, sources, available);
  return { from: 'file', tensor, sources };
}

/** Stacked along the first axis, the sources must have the tensor's shape. */
function checkShapes(
  { shape: [first = 1, ...rest] }: TensorSpec,
  sources: HubName,
  available: PlanOptions['available'],
): void {
  const needed = [first / sources.length, ...rest];
  for (const source of sources) {
    const shape = available.get(source) ?? [];
    if (shape.length === needed.length && shape.every((n, i) => n === needed[i])) continue;
    throw bad(`Tensor ${source} has the shape [${shape}]; the model needs [${needed}].`);
  }
}

const bad = (message: string) =>
  new StrataError('bad-model', message, 'Use the unchanged weights of the model that the run names.');
