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
 * Which tensors of a file make which layer, before any is read. What a model does not use must be known to change
 * nothing: a text half, a language modelling head, buffers.
 *
 * @throws StrataError `bad-model` that names the tensor which is missing, has another shape than the model needs, or
 *   is in the file and not in the model.
 */
export function planImport(spec: ModelSpec, layout: ModelLayout, options: PlanOptions): PlannedLayer[] {
  const dialect = spokenBy(options.available, spec, layout);
  const plan = layout.layers.map(({ name, tensors }) => ({
    name,
    tensors: tensors.map((tensor) => planTensor(spec, dialect, { layer: name, tensor }, options)),
  }));
  const tensors = layout.layers.flatMap((layer) => layer.tensors);
  checkUnused(spec, new Set(tensors.flatMap(({ name }) => dialect(name))), options.available);
  return plan;
}

/**
 * Reads the tensors of a file that must equal one which the model uses.
 *
 * @throws StrataError `bad-model` that names both where they differ
 */
export async function checkTwins(
  spec: ModelSpec,
  plan: readonly PlannedLayer[],
  available: PlanOptions['available'],
  read: (name: string) => Promise<Float32Array>,
): Promise<void> {
  const planned = plan.flatMap((layer) => layer.tensors);
  for (const [twin, name] of Object.entries(architectureOf(spec).twins(spec))) {
    const own = planned.find(({ tensor }) => tensor.name === name);
    if (!available.has(twin) || own?.from !== 'file') continue;
    const [values, wanted] = [await read(twin), await read(own.sources[0] ?? name)];
    if (values.length === wanted.length && values.every((v, i) => v === wanted[i])) continue;
    throw new StrataError(
      'bad-model',
      `Tensor ${twin} differs from ${own.sources[0] ?? name}, of which it is a copy where tie_word_embeddings is true.`,
      'Use a model whose two are the same: others are not built.',
    );
  }
}

/** Throws for a tensor that the model has no place for: transformers would know it, or the file is of another model. */
function checkUnused(spec: ModelSpec, used: ReadonlySet<string>, available: PlanOptions['available']): void {
  const harmless = architectureOf(spec).unused(spec);
  if (harmless === null) return;
  const odd = [...available.keys()].filter(
    (name) => !used.has(name) && !harmless.some((pattern) => pattern.test(name)),
  );
  const [first] = odd;
  if (first === undefined) return;
  const others = odd.length === 1 ? '' : ` (and ${odd.length - 1} more)`;
  throw new StrataError(
    'bad-model',
    `Tensor ${first}${others} is in the file, and not in the model that config.json describes: without it the model would answer otherwise.`,
    'Use a config.json and weights that belong together, of a model without additions (adapters, more layers, another attention); merge adapters before you save it.',
  );
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
  spec: ModelSpec,
  dialect: Dialect,
  { layer, tensor }: { readonly layer: string; readonly tensor: TensorSpec },
  { available, sameLabels }: PlanOptions,
): PlannedTensor {
  const { source = 'file' } = tensor;
  if (source === 'labels' && !sameLabels) return { from: 'seed', tensor };
  const sources = dialect(tensor.name);
  const missing = sources.find((name) => !available.has(name));
  if (missing !== undefined) {
    const alike = alikeIn(spec, available, tensor, sources.indexOf(missing));
    if (source !== 'file' && alike === null) return { from: 'seed', tensor };
    throw alike === null ? bad(`Tensor ${missing} of layer ${layer} is missing.`) : prefixed(alike);
  }
  checkShapes(tensor, sources, available);
  return { from: 'file', tensor, sources };
}

interface Alike {
  /** As the file should have it. */
  readonly name: string;
  readonly prefix: string;
}

/**
 * A tensor of the file that is the one sought, in any dialect, but for what stands before its name; the shortest prefix
 * of several. `part`: which of the tensors that make it.
 */
function alikeIn(
  spec: ModelSpec,
  available: PlanOptions['available'],
  { name }: TensorSpec,
  part: number,
): Alike | null {
  let best: Alike | null = null;
  for (const dialect of architectureOf(spec).dialects(spec)) {
    const source = dialect(name)[part];
    if (source === undefined) continue;
    for (const found of available.keys()) {
      if (!found.endsWith(`.${source}`)) continue;
      const prefix = found.slice(0, -source.length);
      if (best === null || prefix.length < best.prefix.length) best = { name: source, prefix };
    }
  }
  return best;
}

const prefixed = ({ name: missing, prefix }: Alike) => {
  return new StrataError(
    'bad-model',
    `Tensor ${missing} is missing; the file has ${prefix}${missing}: its names begin with "${prefix}".`,
    `Take the prefix away: python -c "from safetensors.torch import load_file, save_file; ` +
      `save_file({k.removeprefix('${prefix}'): v for k, v in load_file('model.safetensors').items()}, 'model.safetensors')".`,
  );
};

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
