import { z } from 'zod';
import { decodeSafetensors, type NamedTensor, StrataError, TaskName } from '../../protocol/index.ts';
import { taskNamed } from '../../tasks/index.ts';
import { layoutOf } from '../architectures/index.ts';
import { catalog } from '../catalog.ts';
import { specFromConfig } from '../config/spec-from-config.ts';
import type { ModelSpec } from '../spec.ts';
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

const Config = z.looseObject({
  model_type: z.string(),
  id2label: z.record(z.string(), z.string()).default({}),
  [taskField]: TaskName,
});
const Side = z.object({ crop_size: z.object({ height: z.number().int().min(1) }) });

/**
 * Reads the folder of an export again.
 *
 * @param file content of a file of the folder; null where there is none of that name.
 * @throws StrataError `bad-model` for a folder that is no export of Strata, or whose model it has no code for.
 */
export async function readExport(
  file: (name: string) => Promise<Uint8Array | null>,
  id: string,
): Promise<ReadExport> {
  const json = async (name: string): Promise<unknown> => {
    const bytes = await file(name);
    return bytes === null ? null : JSON.parse(new TextDecoder().decode(bytes));
  };
  const [raw, preprocessor, weights] = [
    await json('config.json'),
    await json('preprocessor_config.json'),
    await file('model.safetensors'),
  ];
  const config = Config.safeParse(raw);
  if (!config.success || weights === null) throw noExport(id, (await file('model.json')) !== null);
  const { model_type, id2label } = config.data;
  const task = config.data[taskField];
  const spec =
    model_type === catalog['use-lite'].architecture
      ? catalog['use-lite']
      : specFromConfig(raw, { id, head: taskNamed(task).head, preprocessor: preprocessor ?? undefined });
  const labels = Object.keys(id2label)
    .sort((a, b) => Number(a) - Number(b))
    .map((index) => id2label[index]!);
  const layout = layoutOf(spec, labels.length);
  const tensors = new Map(decodeSafetensors(weights).tensors.map((tensor) => [tensor.name, tensor]));
  const available = new Map([...tensors].map(([name, { shape }]) => [name, shape]));
  const layers = [];
  for (const layer of planImport(spec, layout, { available, sameLabels: true })) {
    const missing = layer.tensors.find(({ from }) => from === 'seed');
    if (missing !== undefined) throw lacks(id, missing.tensor.name);
    const read = async (name: string) => Float32Array.from(tensors.get(name)!.data);
    layers.push({ name: layer.name, tensors: await importLayer(spec, layer, 0, read) });
  }
  const side = spec.kind === 'image' ? Side.parse(preprocessor).crop_size.height : 0;
  return { spec, task, labels, side, layers };
}

const lacks = (id: string, tensor: string): StrataError =>
  new StrataError('bad-model', `The weights of ${id} lack ${tensor}.`, 'Download the model again.');

const noExport = (id: string, layersModel: boolean): StrataError =>
  layersModel
    ? new StrataError(
        'bad-model',
        `${id} is a LayersModel of TensorFlow.js, which is not run here.`,
        'Open its model.json with tf.loadLayersModel.',
      )
    : new StrataError(
        'bad-model',
        `${id} is no model that a run of Strata exported.`,
        'Use the zip that the page of the run gives, or a folder with what is in it.',
      );
