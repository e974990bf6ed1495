import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ImageDataset,
  partitionDirichlet,
  sampleCount,
  subset,
  toImageDataset,
} from '@strata/fl-core/data';
import { loadModel } from '@strata/fl-core/models';
import {
  alwaysTrained,
  drawTensor,
  layoutOf,
  type ModelLayout,
  type ModelSpec,
  specAtFirst,
} from '@strata/fl-core/models/layouts';
import { encodeSafetensors, type NamedTensor, RunConfig } from '@strata/fl-core/protocol';
import { MemoryRun } from '@strata/fl-core/rounds/memory';
import { chooseBackend, finish, Trainer } from '@strata/fl-core/training';
import { type Experiment, UsageError } from '../experiment.ts';
import { readSplitData } from '../split-data/read.ts';
import { startPoint } from '../start-point.ts';
import { parseOptions, type RoundsOptions, usage } from './options.ts';
import { SharedDevice } from './participant.ts';

/**
 * A federated run in one process: the product's rounds in memory, its trainer on wasm, pictures split by label
 * (Dirichlet 1), accuracy on the makers' test split after every round. With `--dump` everything is written that
 * experiments/oracles/rounds.py needs to do the same in PyTorch.
 */
export const rounds: Experiment = { usage, run };

const alpha = 1;

async function run(args: readonly string[], log: (line: string) => void) {
  const options = parseOptions(args);
  const { clients, seed } = options;
  const spec = specAtFirst(options.model);
  const split = await readSplitData(options.data);
  if (spec.kind !== 'image' || split.train.kind !== 'image' || split.test.kind !== 'image') {
    throw new UsageError(`${options.model} on ${options.data}: this experiment takes pictures.`);
  }
  const side = options.side ?? spec.defaultSide;
  const [train, test] = [toImageDataset(split.train, side), toImageDataset(split.test, side)];
  const parts = partitionDirichlet(train.labels, clients, alpha, seed).map((part) => subset(train, part));

  const config = configOf(options, split.labels, side);
  const layout = layoutOf(spec, split.labels.length);
  const start = await startPoint(config);
  const values = new Map(start.tensors.map((t) => [t.name, t]));
  if (options.head === 'drawn') drawHead(spec, layout, values, seed);
  const initial = new Map(
    layout.layers.map(({ name, tensors }) => [
      name,
      encodeSafetensors(tensors.map((t) => required(values, t.name))),
    ]),
  );
  const run = await MemoryRun.create({ config, initial });
  const { threads } = await chooseBackend({ force: 'wasm' });
  const trainer = new Trainer(await loadModel(spec, { classes: split.labels.length, side }));
  const ids = parts.map((_, i) => `client-${i + 1}`);
  for (const [i, id] of ids.entries()) {
    const device = { backend: 'wasm', reason: 'an experiment', adapter: '', threads } as const;
    await run.hello(id, {
      ...{ name: id, device, samples: sampleCount(parts[i]!), heldOut: 0 },
    });
  }
  const device = new SharedDevice(run, trainer);
  await run.command('start');
  const began = performance.now();
  const told: { round: number; accuracy: number; loss: number; masks: Record<string, readonly string[]> }[] =
    [];
  for (let busy = true; busy; ) {
    busy = false;
    for (const [i, id] of ids.entries()) busy = (await device.act(id, parts[i]!)) || busy;
    const committed = run.book.committed.at(-1);
    if (committed === undefined || committed.round === told.at(-1)?.round) continue;
    await device.load(run.book.checkpoint(committed.round));
    const { accuracy, loss } = await finish(trainer.evaluate(test, { batchSize: 64 }));
    const masks = Object.fromEntries(
      run.book.cohort(committed.round).map(({ client, mask }) => [client, mask ?? []]),
    );
    told.push({ round: committed.round, accuracy, loss, masks });
    log(`round ${committed.round}: accuracy ${accuracy.toFixed(4)}, loss ${loss.toFixed(4)}`);
  }
  trainer.dispose();
  if (options.dump !== undefined) {
    await dump(options.dump, { config, spec, told }, [...values.values()], [...parts, test]);
  }
  return {
    experiment: 'rounds',
    ...{ ...options, side, backend: 'wasm', threads },
    ...{ samples: parts.map(sampleCount), testSamples: sampleCount(test) },
    rounds: told.map(({ round, accuracy, loss }) => ({ round, accuracy, loss })),
    accuracy: told.at(-1)?.accuracy ?? null,
    seconds: Math.round((performance.now() - began) / 100) / 10,
  };
}

function configOf(options: RoundsOptions, labels: readonly string[], side: number): RunConfig {
  const { clients, strategy, budget, batch, batches, rate, seed } = options;
  return RunConfig.parse({
    name: 'Rounds in one process',
    purpose: { kind: 'test', sampling: seed },
    model: options.model,
    side,
    data: { kind: 'image' },
    labels: [...labels],
    strategy: strategy === 'strata' ? { name: strategy, lambda: 1 } : { name: strategy },
    budget: { kind: 'fixed', unit: 'layers', amount: budget },
    rounds: options.rounds,
    cohort: { goal: clients, minimum: clients, quorum: 1 },
    aggregation: { rule: { name: 'mean' } },
    local: {
      batchSize: batch,
      maxBatches: batches,
      optimizer: { name: 'adamw', learningRate: rate },
    },
    seed,
  });
}

/** The classifier as it was before it began at zero. */
function drawHead(
  spec: ModelSpec,
  layout: ModelLayout,
  values: Map<string, NamedTensor>,
  seed: number,
): void {
  const heads = alwaysTrained(layout);
  for (const tensor of layout.layers.filter((l) => heads.includes(l.name)).flatMap((l) => l.tensors)) {
    if (tensor.source !== 'labels' || tensor.shape.length < 2) continue;
    values.set(tensor.name, drawTensor(spec, { ...tensor, initial: { kind: 'normal', std: 0.02 } }, seed));
  }
}

/** `run.json`, `start.safetensors`, and for each participant and then the test split `N.pixels` and `N.labels`. */
async function dump(
  folder: string,
  told: object,
  start: readonly NamedTensor[],
  data: readonly ImageDataset[],
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'run.json'), JSON.stringify(told));
  await writeFile(join(folder, 'start.safetensors'), encodeSafetensors(start));
  for (const [i, { pixels, labels }] of data.entries()) {
    await writeFile(join(folder, `${i}.pixels`), pixels);
    await writeFile(
      join(folder, `${i}.labels`),
      new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength),
    );
  }
}

function required(values: ReadonlyMap<string, NamedTensor>, name: string): NamedTensor {
  const tensor = values.get(name);
  if (tensor === undefined) throw new ReferenceError(`The start point lacks ${name}.`);
  return tensor;
}
