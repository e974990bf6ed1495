import { type Dataset, sampleCount, toImageDataset, toTextDataset } from '@strata/fl-core/data';
import { loadModel } from '@strata/fl-core/models';
import {
  alwaysTrained,
  layoutOf,
  type ModelSpec,
  selectableLayers,
  specAtFirst,
} from '@strata/fl-core/models/layouts';
import { LocalConfig } from '@strata/fl-core/protocol';
import { chooseBackend, finish, Trainer } from '@strata/fl-core/training';
import { type Experiment, UsageError } from '../experiment.ts';
import { readSplitData } from '../split-data/read.ts';
import type { SplitData } from '../split-data/split-data.ts';
import { type StartPoint, startPoint } from '../start-point.ts';
import { parseOptions, usage } from './options.ts';

/**
 * Fine-tuning on one machine with all the data: no federation, every selectable layer and the head. The sanity line
 * under every federated number; with `--layers head` the linear probe below it.
 */
export const finetune: Experiment = { usage, run };

/** Share of the steps in which the learning rate rises. */
const warmUp = 0.1;

async function run(args: readonly string[], log: (line: string) => void) {
  const options = parseOptions(args);
  const { batch, epochs, rate, decay, seed } = options;
  const spec = specAtFirst(options.model);
  const data = await readSplitData(options.data, options, log);
  if (data.train.kind !== spec.kind) {
    throw new UsageError(
      `${options.model} takes ${spec.kind}, and ${options.data} holds ${data.train.kind}s.`,
    );
  }
  const side = spec.kind === 'image' ? (options.side ?? spec.defaultSide) : 0;
  const start = await startPoint({
    name: 'Fine-tuning',
    model: options.model,
    side: Math.max(8, side),
    data: { kind: spec.kind },
    labels: [...data.labels],
    strategy: { name: 'full' },
    seed,
  });
  const prepare = preparation(spec, start, side);
  const [train, test] = [prepare(data.train), prepare(data.test)];

  const { threads } = await chooseBackend({ force: 'wasm' });
  const layout = layoutOf(spec, data.labels.length);
  const trainer = new Trainer(await loadModel(spec, { classes: data.labels.length, side }));
  const values = new Map(start.tensors.map((t) => [t.name, t]));
  const layerTensors = (layer: (typeof layout.layers)[number]) =>
    layer.tensors.map(({ name }) => {
      const tensor = values.get(name);
      if (!tensor) throw new ReferenceError(`The start point lacks ${name}.`);
      return tensor;
    });
  for (const layer of layout.layers) trainer.setLayer(layer.name, layerTensors(layer));

  const local = LocalConfig.parse({
    epochs,
    batchSize: batch,
    optimizer: { name: 'adamw', learningRate: rate, weightDecay: decay },
    schedule: { name: 'cosine', warmUp },
    clipNorm: 1,
  });
  const layers = [...(options.layers === 'all' ? selectableLayers(layout) : []), ...alwaysTrained(layout)];
  log(`${sampleCount(train)} training and ${sampleCount(test)} test samples; ${layers.length} layers`);
  const began = performance.now();
  let said = 0;
  const { update, loss, steps } = await finish(trainer.train(train, { layers, local, seed }), (progress) => {
    if (progress.fraction < said + 0.05) return;
    said = progress.fraction;
    log(`${Math.round(100 * said)} %, ${seconds(began)} s, loss ${progress.loss?.toFixed(3) ?? ''}`);
  });
  const trainSeconds = seconds(began);
  for (const { name, shape, data: delta } of update) {
    const before = values.get(name)?.data;
    values.set(name, { name, shape, data: delta.map((d, i) => d + (before?.[i] ?? 0)) });
  }
  for (const layer of layout.layers) trainer.setLayer(layer.name, layerTensors(layer));
  const evaluation = await finish(trainer.evaluate(test, { batchSize: 64 }));
  return {
    experiment: 'finetune',
    ...options,
    ...(spec.kind === 'image' ? { side } : {}),
    backend: 'wasm',
    threads,
    trainedLayers: layers,
    trainSamples: sampleCount(train),
    testSamples: sampleCount(test),
    steps,
    trainLoss: loss,
    loss: evaluation.loss,
    accuracy: evaluation.accuracy,
    seconds: trainSeconds,
  };
}

const seconds = (since: number): number => Math.round((performance.now() - since) / 100) / 10;

function preparation(
  spec: ModelSpec,
  { tokenizer }: Pick<StartPoint, 'tokenizer'>,
  side: number,
): (raw: SplitData['train']) => Dataset {
  return (raw) => {
    if (raw.kind === 'image') return toImageDataset(raw, side);
    if (spec.kind !== 'text' || tokenizer === null) throw new UsageError('The model has no tokenizer.');
    return toTextDataset(raw.texts, raw.labels, tokenizer, spec.maxTokens);
  };
}
