import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeSafetensors } from '@strata/fl-core/protocol';
import {
  blocksOf,
  initialWeights,
  optimizer,
  type Size,
  samplesOf,
  selectionsOf,
  type Workload,
} from '@strata/gpu-bench';
import { comparedLosses, products } from '@strata/gpu-bench/strata';

/** What torch_peer.py is told; it reads this very shape. */
export interface TorchTask {
  readonly seconds: number;
  readonly device: 'cuda' | 'cpu';
  readonly limits: boolean;
  readonly products: readonly object[];
  readonly compiled: readonly string[];
  readonly measured: number;
  readonly models: readonly object[];
}

/** Writes weights, inputs and the task into `folder`; returns the task's path. */
export async function writeTorchTask(
  folder: string,
  size: Size,
  workloads: readonly Workload[],
  options: Pick<TorchTask, 'seconds' | 'device' | 'compiled'>,
): Promise<string> {
  const models: object[] = [];
  for (const w of workloads) models.push(await writeModel(folder, w));
  const task: TorchTask = {
    ...options,
    limits: true,
    products: products(size),
    measured: size === 'card' ? 7 : 2,
    models,
  };
  const path = join(folder, 'task.json');
  await writeFile(path, JSON.stringify(task));
  return path;
}

async function writeModel(folder: string, w: Workload): Promise<object> {
  const write = async (what: string, bytes: Uint8Array): Promise<string> => {
    const path = join(folder, `${w.spec.id}.${what}`);
    await writeFile(path, bytes);
    return path;
  };
  const tensors = initialWeights(w);
  const samples = samplesOf(w);
  const weights = await write(
    'safetensors',
    encodeSafetensors(tensors.map(({ name, shape, data }) => ({ name, shape: [...shape], data }))),
  );
  return {
    name: w.name,
    architecture: w.spec.architecture,
    spec: w.spec,
    classes: w.classes,
    weights,
    input:
      samples.kind === 'image'
        ? { kind: 'image', side: w.size, pixels: await write('pixels', samples.pixels) }
        : {
            kind: 'text',
            length: w.size,
            lengths: samples.tokens.map((t) => t.length),
            ids: await write('ids', new Uint8Array(joined(samples.tokens).buffer)),
          },
    labels: [...samples.labels],
    learningRate: optimizer.learningRate,
    losses: comparedLosses,
    selections: selectionsOf(blocksOf(w)).map(({ name, layers, warm }) => ({
      name,
      tensors: tensors.filter((t) => layers.includes(t.layer)).map((t) => t.name),
      warm,
      cut: wholeBlocksBelow(w, layers),
    })),
  };
}

function joined(rows: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(rows.reduce((n, row) => n + row.length, 0));
  let at = 0;
  for (const row of rows) {
    all.set(row, at);
    at += row.length;
  }
  return all;
}

/** Transformer blocks below the shallowest trained layer; in the sentence encoder a block is two layers. */
function wholeBlocksBelow(w: Workload, trained: readonly string[]): number {
  const below = blocksOf(w).findIndex((layer) => trained.includes(layer));
  const layersOfBlock = w.spec.granularity === 'sublayer' ? 2 : 1;
  return Math.min(w.spec.depth, Math.floor(below / layersOfBlock));
}
