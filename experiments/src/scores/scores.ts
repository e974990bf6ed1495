import { appendFile } from 'node:fs/promises';
import { sampleCount } from '@strata/fl-core/data';
import { loadModel } from '@strata/fl-core/models';
import { layoutOf, specAtFirst } from '@strata/fl-core/models/layouts';
import { chooseBackend, Trainer } from '@strata/fl-core/training';
import type { Experiment } from '../experiment.ts';
import { readSplitData } from '../split-data/read.ts';
import { startPoint } from '../start-point.ts';
import { GlobalModel } from './global-model.ts';
import { parseOptions, usage } from './options.ts';
import { type Measurement, play } from './play.ts';
import { clientsOf, wholeData } from './setting.ts';
import { predictionsOf, shown } from './summary.ts';

/**
 * Which score predicts: the rank correlation of everything that could tell a layer's importance with what training the
 * layer really brings, by model, data and round.
 */
export const scores: Experiment = { usage, run };

async function run(args: readonly string[], log: (line: string) => void) {
  const options = parseOptions(args);
  const began = performance.now();
  const spec = specAtFirst(options.model);
  const split = await readSplitData(options.data, {}, log);
  const side = spec.kind === 'image' ? (options.side ?? spec.defaultSide) : 0;
  const { threads } = await chooseBackend({ force: 'wasm' });
  const layout = layoutOf(spec, split.labels.length);
  const all: Measurement[] = [];
  for (let seed = options.seed; seed < options.seed + options.seeds; seed++) {
    const start = await startPoint({
      name: 'Scores',
      model: options.model,
      side: Math.max(8, side),
      data: { kind: spec.kind },
      labels: [...split.labels],
      strategy: { name: 'full' },
      seed,
    });
    const clients = clientsOf(wholeData(split, spec, start, side), options, seed);
    log(
      `seed ${seed}: training samples ${clients.map((c) => sampleCount(c.train))}, held out ${clients.map((c) => sampleCount(c.heldOut))}`,
    );
    const trainer = new Trainer(await loadModel(spec, { classes: split.labels.length, side }));
    try {
      const model = new GlobalModel(layout, start.tensors, trainer);
      for await (const measurement of play(model, clients, options, seed, log)) {
        all.push(measurement);
        if (options.out !== undefined) await appendFile(options.out, `${JSON.stringify(measurement)}\n`);
      }
    } finally {
      trainer.dispose();
    }
  }
  const predictions = predictionsOf(all);
  const tables = Object.fromEntries(Object.entries(predictions).map(([title, rows]) => [title, shown(rows)]));
  return {
    experiment: 'scores',
    ...{ ...options, side, backend: 'wasm', threads },
    ...{ tables, predictions, measurements: all, seconds: Math.round((performance.now() - began) / 1000) },
  };
}
