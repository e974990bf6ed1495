import { computeCosts, layerBytes } from '../../models/layouts.ts';
import type { RunConfig, StepTimesMessage } from '../../protocol/index.ts';
import {
  type ClientInput,
  commonTimeCosts,
  costsInBytes,
  costsInLayers,
  type LayerCosts,
  maskCost,
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
export interface Prices extends LayerCosts {
  /** In the order of the trainers, in the unit of `costs`. */
  readonly budgets: readonly number[];
  /** What masks cost each of them alone, in the same order; absent: the same. */
  readonly own?: readonly ClientInput['own'][];
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
      return known(layers, { costs: costsInLayers(layers.length) }, trainers);
    case 'bytes': {
      const sizes = new Map(layoutFor(config).layers.map((l) => [l.name, layerBytes(l)]));
      const costs = costsInBytes(layers.map((name) => sizes.get(name) ?? 0));
      return known(layers, { costs }, trainers);
    }
    case 'compute':
      return known(layers, computeCosts(config), trainers);
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
function timedClients(trainers: readonly TrainingClient[]): TimedClient[] {
  return trainers.map(({ samples, budget, measured }) => ({ samples, deadline: budget, measured }));
}

/** The same for every client. */
function known(layers: readonly string[], costs: LayerCosts, trainers: readonly TrainingClient[]): Prices {
  return {
    ...costs,
    budgets: trainers.map((t) => t.budget),
    costOf: (_, mask) => maskCost(costs, indices(layers, mask)),
  };
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
