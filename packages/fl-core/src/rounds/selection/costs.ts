import { layerBytes } from '../../models/layouts.ts';
import type { RunConfig, StepTimesMessage } from '../../protocol/index.ts';
import {
  commonTimeCosts,
  costsInBytes,
  costsInLayers,
  type Masks,
  roundTime,
  type StepTimes,
  type TimedClient,
} from '../../selection/index.ts';
import { layoutFor } from '../layout.ts';

/** A client that selection is about. */
export interface TrainingClient {
  readonly id: string;
  /** Those that count. */
  readonly samples: number;
  /** In the unit of the run's budget. */
  readonly budget: number;
  /** In the order of the layers; null when it was never probed. */
  readonly scores: readonly number[] | null;
  /** Null when its speed was never measured. */
  readonly measured: { readonly times: StepTimes; readonly steps: number } | null;
}

/** What layers cost and clients can afford, as the strategies take it, and what its masks cost in the run's unit. */
export interface Prices {
  readonly costs: readonly number[];
  /** In the order of the trainers, in the unit of `costs`. */
  readonly budgets: readonly number[];
  /** Null where it is not known. */
  costOf(trainer: TrainingClient, mask: readonly string[]): number | null;
}

export function pricesFor(
  config: RunConfig,
  layers: readonly string[],
  trainers: readonly TrainingClient[],
): Prices {
  const { unit } = config.budget;
  switch (unit) {
    case 'layers':
      return additive(layers, costsInLayers(layers.length), trainers);
    case 'bytes': {
      const sizes = new Map(layoutFor(config).layers.map((l) => [l.name, layerBytes(l)]));
      return additive(layers, costsInBytes(layers.map((name) => sizes.get(name) ?? 0)), trainers);
    }
    case 'milliseconds':
      return {
        ...commonTimeCosts(timedClients(trainers), layers.length),
        costOf: ({ measured }, mask) =>
          measured && roundTime(measured.times, indices(layers, mask), measured.steps),
      };
    default:
      return unit satisfies never;
  }
}

/** Trainers of a run whose budgets are milliseconds. */
export function timedClients(trainers: readonly TrainingClient[]): TimedClient[] {
  return trainers.map(({ samples, budget, measured }) => ({ samples, deadline: budget, measured }));
}

function additive(layers: readonly string[], costs: number[], trainers: readonly TrainingClient[]): Prices {
  return {
    costs,
    budgets: trainers.map((t) => t.budget),
    costOf: (_, mask) => indices(layers, mask).reduce((sum, l) => sum + costs[l]!, 0),
  };
}

/**
 * Masks that stay: as `carried`, which fits the additive costs, except that an earlier mask which is in time as it
 * is stays whole, the layers it was topped up with among them.
 */
export function keepTimely(
  config: RunConfig,
  layers: readonly string[],
  trainers: readonly TrainingClient[],
  earlier: Masks,
  carried: Masks,
): Masks {
  if (config.budget.unit !== 'milliseconds') return carried;
  const kept = trainers.flatMap(({ id, measured, budget }) => {
    const mask = earlier[id];
    if (!measured || !mask) return [];
    const time = roundTime(measured.times, indices(layers, mask), measured.steps);
    return time <= budget ? [[id, mask] as const] : [];
  });
  return { ...carried, ...Object.fromEntries(kept) };
}

const indices = (layers: readonly string[], mask: readonly string[]): number[] =>
  mask.map((name) => layers.indexOf(name));

/** Times as they travel, by layer, as selection takes them, in the order of the layers. */
export function stepTimes(layers: readonly string[], times: StepTimesMessage): StepTimes {
  return {
    base: times.base,
    passing: layers.map((l) => times.passing[l] ?? 0),
    training: layers.map((l) => times.training[l] ?? 0),
  };
}
