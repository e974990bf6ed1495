import { loadModel } from '@strata/fl-core/models';
import { LocalConfig } from '@strata/fl-core/protocol';
import { Trainer } from '@strata/fl-core/training';
import type { MeasuredTrainer, Steps } from './measure.ts';
import type { Meters } from './meters.ts';
import { initialWeights, optimizer } from './weights.ts';
import { type Selection, samplesOf, type Workload } from './workload.ts';

/** More epochs than are ever asked for, or a run may have: the job is ended when the measurement is. */
const manyEpochs = 1_000_000;
const cacheBytes = 2 ** 30;

export interface StrataEngine extends MeasuredTrainer {
  prepare(selection: Selection): Promise<Steps>;
  dispose(): void;
}

/** Our trainer on the backend that is set: one batch an epoch, so that an epoch is a step. */
export async function strataEngine(workload: Workload, meters: Meters): Promise<StrataEngine> {
  const model = await loadModel(workload.spec, { classes: workload.classes, side: workload.size });
  const trainer = new Trainer(model);
  const weights = initialWeights(workload);
  for (const { name: layer } of model.layout.layers) {
    const own = weights.filter((w) => w.layer === layer);
    trainer.setLayer(
      layer,
      own.map(({ name, shape, data }) => ({ name, shape: [...shape], data })),
    );
  }
  const data = samplesOf(workload);
  const local = {
    ...LocalConfig.parse({
      batchSize: workload.batch,
      optimizer: { name: 'adamw', learningRate: optimizer.learningRate, weightDecay: 0 },
    }),
    epochs: manyEpochs,
  };
  return {
    meters,
    prepare: async ({ layers, warm }) => {
      const stop = new AbortController();
      const control = { signal: stop.signal };
      const prefixCacheBytes = warm ? cacheBytes : 0;
      const job = trainer.train(data, { layers, local, seed: 1, prefixCacheBytes, control });
      return {
        take: async () => {
          const { done, value } = await job.next();
          if (done) throw new RangeError('The job ended before the measurement.');
          return value.loss ?? Number.NaN;
        },
        end: async () => {
          stop.abort();
          await job.next().catch((error: unknown) => {
            if (error !== stop.signal.reason) throw error;
          });
        },
      };
    },
    dispose: () => trainer.dispose(),
  };
}
