import { z } from 'zod';
import {
  decodeSafetensors,
  type ImportedModel,
  type NamedTensor,
  StrataError,
  TaskName,
} from '../../protocol/index.ts';
import { taskNamed } from '../../tasks/index.ts';
import { layoutOf } from '../architectures/index.ts';
import { layersModelWeights } from '../architectures/layers-model/export.ts';
import { readLayersModel } from '../architectures/layers-model/read.ts';
import { catalog } from '../catalog.ts';
import { elements } from '../layout.ts';
import type { ModelSpec } from '../spec.ts';
import { specOf } from '../spec-of.ts';
import { taskField } from './config.ts';
import { importLayer } from './import.ts';
import { planImport } from './plan.ts';

/** A fine-tuned model, as it was when its run ended. */
export interface ReadExport {
  readonly spec: ModelSpec;
  readonly task: TaskName;
  /** In the order of the outputs; none where the next token is predicted. */
  readonly labels: readonly string[];
  /** Side of the pictures in pixels; 0 for texts. */
  readonly side: number;
  readonly layers: readonly { readonly name: string; readonly tensors: readonly NamedTensor[] }[];
}

const Config = z.object({
  model_type: z.string(),
  id2label: z.record(z.string(), z.string()).default({}),
  [taskField]: TaskName,
});
const Side = z.object({ crop_size: z.object({ height: z.number().int().min(1) }) });
const Json = z.record(z.string(), z.json());

/** Content of a file of an export by its name; null where there is none. */
type ReadFile = (name: string) => Promise<Uint8Array | null>;

/**
 * Reads the folder of an export again.
 *
 * @param id name of the model, for messages.
 * @throws StrataError `bad-model` for a folder that is no export of Strata, or lacks a tensor.
 */
export async function readExport(file: ReadFile, id: string): Promise<ReadExport> {
  const said = (await readTransformers(file)) ?? (await readLayers(file, id));
  if (said === null) throw noExport(id);
  const { spec, labels, values } = said;
  const available = new Map([...values].map(([name, { shape }]) => [name, shape]));
  const read = async (name: string) => Float32Array.from(values.get(name)!.data);
  const layers = [];
  for (const layer of planImport(spec, layoutOf(spec, labels.length), { available, sameLabels: true })) {
    const missing = layer.tensors.find(({ from }) => from === 'seed');
    if (missing !== undefined) throw lacks(id, missing.tensor.name);
    layers.push({ name: layer.name, tensors: await importLayer(spec, layer, 0, read) });
  }
  const { task, side } = said;
  return { spec, task, labels, side, layers };
}

interface Said extends Omit<ReadExport, 'layers'> {
  /** Tensors as the files name them. */
  readonly values: ReadonlyMap<
    string,
    { readonly shape: readonly number[]; readonly data: ArrayLike<number> }
  >;
}

async function readTransformers(file: ReadFile): Promise<Said | null> {
  const raw = Json.safeParse(jsonOf(await file('config.json')));
  const config = Config.safeParse(raw.data);
  const weights = await file('model.safetensors');
  if (!raw.success || !config.success || weights === null) return null;
  const { model_type, id2label } = config.data;
  const task = config.data[taskField];
  const preprocessor = Json.safeParse(jsonOf(await file('preprocessor_config.json'))).data ?? null;
  const found = {
    kind: 'transformers' as const,
    config: raw.data,
    preprocessor,
    licence: null,
  };
  const spec = model_type === catalog['use-lite'].architecture ? catalog['use-lite'] : foundSpec(found, task);
  const labels = Object.keys(id2label)
    .sort((a, b) => Number(a) - Number(b))
    .map((index) => id2label[index]!);
  const values = new Map(decodeSafetensors(weights).tensors.map((tensor) => [tensor.name, tensor]));
  return {
    spec,
    task,
    labels,
    side: preprocessor === null ? 0 : Side.parse(preprocessor).crop_size.height,
    values,
  };
}

const Layers = z.object({
  weightsManifest: z.array(
    z.object({ weights: z.array(z.object({ name: z.string(), shape: z.array(z.number()) })) }),
  ),
  userDefinedMetadata: z.object({ labels: z.array(z.string()), side: z.number().int().min(1) }),
});

/** As {@link exportLayersModel} wrote it. */
async function readLayers(file: ReadFile, id: string): Promise<Said | null> {
  const json = jsonOf(await file('model.json'));
  const layers = Layers.safeParse(json);
  const bytes = await file(layersModelWeights);
  if (!layers.success || bytes === null) return null;
  const task = 'classification';
  const spec = foundSpec(readLayersModel(json, id).found, task);
  const numbers = new Float32Array(bytes.slice().buffer);
  let at = 0;
  const weights = layers.data.weightsManifest.flatMap((group) => group.weights);
  const values = new Map(
    weights.map(({ name, shape }) => {
      const begin = at;
      at += elements(shape);
      return [name, { shape, data: numbers.subarray(begin, at) }];
    }),
  );
  return { spec, task, ...layers.data.userDefinedMetadata, values };
}

/** The spec of a run that began with what was found. */
const foundSpec = (found: NonNullable<ImportedModel['found']>, name: TaskName): ModelSpec =>
  specOf({
    model: { source: 'folder:export', granularity: 'block', found },
    task: taskNamed(name).startConfig(1024),
  });

const jsonOf = (bytes: Uint8Array | null): unknown =>
  bytes === null ? null : JSON.parse(new TextDecoder().decode(bytes));

const lacks = (id: string, tensor: string): StrataError =>
  new StrataError('bad-model', `The weights of ${id} lack ${tensor}.`, 'Download the model again.');

const noExport = (id: string): StrataError =>
  new StrataError(
    'bad-model',
    `${id} is no model that a run of Strata exported.`,
    'Use the zip that the page of the run gives, or a folder with what is in it.',
  );
