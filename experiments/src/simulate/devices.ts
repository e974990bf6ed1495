import {
  alwaysTrained,
  computeCosts,
  type LayerWork,
  selectableLayers,
  stepWork,
  workOfRun,
} from '@strata/fl-core/models/layouts';
import type { ModelWork, Probed, RunConfig } from '@strata/fl-core/protocol';
import { random } from '@strata/fl-core/random';
import { layoutFor } from '@strata/fl-core/rounds';
import type { Devices } from './config.ts';

type Times = NonNullable<Probed['times']>;

/** A client's device in virtual time: what it needs for things follows from the configuration and the seed alone. */
export interface Device {
  /** How many times as fast as a typical one. */
  readonly speed: number;
  /** What a probe of it would have measured of a step. */
  readonly times: Times;
  /** Optimizer steps a round. */
  readonly steps: number;
  /** Seconds that a typical device needs for a work. */
  cost(work: ModelWork): number;
  /** The same for training all layers, by the run's usual epochs. */
  readonly fullCost: number;
  /** Whether it is gone in this round before its update arrives. */
  drops(round: number): boolean;
}

export interface Owner {
  readonly id: string;
  /** It trains on, and those it is evaluated on. */
  readonly samples: number;
  readonly heldOut: number;
}

/**
 * A device's time goes by the floating-point operations of what it does (`models/work`), all layers' step being
 * `msPerSample` a sample; in later epochs what lies below the trained layers is known (C3).
 */
export function deviceOf(
  { msPerSample, speedSigma, dropOut }: Devices,
  config: RunConfig,
  { id, samples, heldOut }: Owner,
  seed: number,
): Device {
  const { local } = config;
  const layout = layoutFor(config);
  const layers = selectableLayers(layout);
  const heads = alwaysTrained(layout);
  const work = workOfRun(config);
  const all = stepWork(work, { trained: [...layers, ...heads] });
  /** Seconds of a step with that many operations a sample. */
  const seconds = (operations: number) => (local.batchSize * msPerSample * operations) / all / 1000;
  const batches = Math.ceil(samples / local.batchSize);
  const taken = local.maxBatches > 0 ? Math.min(local.maxBatches, batches) : batches;
  const training = (mask: readonly string[], epochs: number) => {
    const trained = [...mask, ...heads];
    const later = stepWork(work, { trained, warm: true });
    return taken * seconds(stepWork(work, { trained }) + (epochs - 1) * later);
  };
  const forward = work.reduce((sum, layer) => sum + layer.forward, 0);
  /** A forward pass over as many samples as a client goes through (`sumFeatures`). */
  const summing =
    (local.maxBatches > 0 ? Math.min(3 * local.maxBatches, batches) : batches) * seconds(forward);
  const speed = Math.exp(speedSigma * random(seed, 'device', id).normal());
  return {
    speed,
    steps: local.epochs * taken,
    times: timesOf(config, work, layers, heads, (operations) => (1000 * seconds(operations)) / speed),
    fullCost: training(layers, local.epochs),
    cost: (job) => {
      switch (job.kind) {
        case 'probe':
          return Math.min(local.probeBatches, batches) * seconds(all);
        case 'train':
          return job.method.kind === 'steps' ? training(job.mask, job.method.epochs) : summing;
        case 'evaluate':
          return (heldOut / local.batchSize) * seconds(forward);
        default:
          return job satisfies never;
      }
    },
    drops: (round) => random(seed, 'drop-out', round, id).uniform() < dropOut,
  };
}

/** The times of one step, in milliseconds, from operations. */
function timesOf(
  config: RunConfig,
  work: readonly LayerWork[],
  layers: readonly string[],
  heads: readonly string[],
  milliseconds: (operations: number) => number,
): Times {
  const base = stepWork(work, { trained: heads });
  const { costs, reach } = computeCosts(config);
  const percent = (stepWork(work, { trained: [...layers, ...heads] }) - base) / 100;
  const by = (of: (l: number) => number) =>
    Object.fromEntries(layers.map((layer, l) => [layer, milliseconds(percent * of(l))]));
  return {
    base: milliseconds(base),
    passing: by((l) => reach[l]! - (reach[l + 1] ?? 0)),
    training: by((l) => costs[l]!),
  };
}
