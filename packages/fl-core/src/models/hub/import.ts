import type { NamedTensor } from '../../protocol/index.ts';
import { drawTensor } from '../initial.ts';
import { elements } from '../layout.ts';
import type { ModelSpec } from '../spec.ts';
import type { PlannedLayer } from './plan.ts';
import type { HubName } from './transformers.ts';

/**
 * The tensors of one layer, read as planned. `read` gives the float32 values of one tensor of the file; what the
 * file does not have is drawn from the seed (R11).
 */
export async function importLayer(
  spec: ModelSpec,
  layer: PlannedLayer,
  seed: number,
  read: (name: string) => Promise<Float32Array>,
): Promise<NamedTensor[]> {
  const made: NamedTensor[] = [];
  for (const planned of layer.tensors) {
    const { name, shape } = planned.tensor;
    switch (planned.from) {
      case 'seed':
        made.push(drawTensor(spec, planned.tensor, seed));
        break;
      case 'file':
        made.push({ name, shape, data: await stacked(planned.sources, elements(shape), read) });
        break;
      default:
        planned satisfies never;
    }
  }
  return made;
}

/** The values of tensors one after the other; of a single one they are not copied: it may fill half the memory. */
async function stacked(
  sources: HubName,
  length: number,
  read: (name: string) => Promise<Float32Array>,
): Promise<Float32Array> {
  const [only] = sources;
  if (only !== undefined && sources.length === 1) return read(only);
  const data = new Float32Array(length);
  let at = 0;
  for (const source of sources) {
    const part = await read(source);
    data.set(part, at);
    at += part.length;
  }
  return data;
}
