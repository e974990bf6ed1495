import {
  computeCosts,
  layerBytes,
  layoutOf,
  specAtFirst,
  type WorkConfig,
} from '@strata/fl-core/models/layouts';
import type { RunConfig } from '@strata/fl-core/protocol';
import { maskCost } from '@strata/fl-core/selection';

type Budget = RunConfig['budget'];
export type BudgetKind = Budget['kind'];
export type BudgetUnit = Budget['unit'];

export const budgetKinds: Readonly<Record<BudgetKind, { readonly label: string; readonly text: string }>> = {
  fixed: { label: 'The same for everyone', text: 'Every participant can afford the same.' },
  participant: {
    label: 'What each participant offers',
    text: 'A participant says what it can afford; who says nothing gets the amount below.',
  },
  drawn: {
    label: 'Drawn by lot',
    text: 'One draw a participant for the whole run, from its seed: for trying out devices of different strength.',
  },
  adaptive: {
    label: 'By measured speed',
    text: 'What each participant can do within the deadline, learned from its earlier rounds (TimelyFL, arXiv 2304.06947).',
  },
};

/** Units a budget can have, with the names on their fields and the amount of the unit that the fields count in. */
export const budgetUnits: Readonly<
  Record<BudgetUnit, { readonly label: string; readonly suffix: string; readonly scale: number }>
> = {
  layers: { label: 'Layers', suffix: '', scale: 1 },
  compute: { label: 'Share of the work', suffix: ' %', scale: 1 },
  bytes: { label: 'Megabytes', suffix: ' MB', scale: 1e6 },
  milliseconds: { label: 'Seconds', suffix: ' s', scale: 1000 },
};

/** Time and an adaptive budget measure the same twice, so that they do not go together. */
export const unitsOf = (kind: BudgetKind): readonly BudgetUnit[] =>
  kind === 'adaptive' ? ['layers', 'compute', 'bytes'] : ['layers', 'compute', 'bytes', 'milliseconds'];

/** What an amount in one unit is worth in another depends on. */
export interface ModelSize {
  /** How many layers the model has to choose from. */
  readonly layers: number;
  /** Bytes of the largest of them. */
  readonly layerBytes: number;
}

/** Largest size of a selectable layer of a model, in bytes. */
export function largestLayer(model: RunConfig['model'], labels: number): number {
  const { layers } = layoutOf(specAtFirst(model), Math.max(2, labels));
  return Math.max(...layers.filter((l) => l.role === 'block').map(layerBytes));
}

/** What a layer is taken to need where nothing was measured yet. */
const guessedMilliseconds = 5000;

/** `layers` layers in another unit, in round figures and rather too much: a budget below every layer trains nothing. */
export function worth(layers: number, unit: BudgetUnit, size: ModelSize): number {
  const exact = layers * sizeOf(unit, size);
  const step = 10 ** Math.max(0, Math.floor(Math.log10(exact)) - 2);
  const rounded = Math.ceil(exact / step) * step;
  return unit === 'compute' ? Math.min(100, rounded) : rounded;
}

/** About how many layers an amount holds: whole ones; of work, the top ones, and for time by the guess above. */
export function inLayers(amount: number, unit: BudgetUnit, size: ModelSize): number {
  return Math.floor((Number(amount) || 0) / sizeOf(unit, size));
}

function sizeOf(unit: BudgetUnit, { layers, layerBytes: bytes }: ModelSize): number {
  switch (unit) {
    case 'layers':
      return 1;
    case 'bytes':
      return bytes;
    case 'compute':
      return 100 / layers;
    case 'milliseconds':
      return guessedMilliseconds;
    default:
      return unit satisfies never;
  }
}

/**
 * How many layers of a model an amount of work holds, counted from the top down and from the bottom up: fewer of these,
 * as their way down is longer. Null where the model cannot be looked at as the form stands.
 */
export function heldByWork(model: WorkConfig, amount: number): { top: number; bottom: number } | null {
  try {
    const costs = computeCosts({ ...model, labels: model.labels.length < 2 ? ['a', 'b'] : model.labels });
    const layers = [...costs.costs.keys()];
    const held = (first: (count: number) => number[]) =>
      layers.filter((l) => maskCost(costs, first(l + 1)) <= amount * (1 + 1e-9)).length;
    return { top: held((n) => layers.slice(-n)), bottom: held((n) => layers.slice(0, n)) };
  } catch {
    return null;
  }
}

/** The amount that a budget of one kind hands on when another is picked: nobody's typing is lost without need. */
function typical(budget: Budget): number {
  switch (budget.kind) {
    case 'fixed':
      return budget.amount;
    case 'participant':
      return budget.fallback;
    case 'drawn':
      return budget.max;
    case 'adaptive':
      return budget.first;
    default:
      return budget satisfies never;
  }
}

/** The most that anybody is meant to afford. */
export const largestAmount = (budget: Budget): number =>
  budget.kind === 'adaptive' ? budget.max : typical(budget);

interface Change {
  readonly kind: BudgetKind;
  readonly unit: BudgetUnit;
}

/** The budget in another kind or unit, of about the same size. */
export function changeBudget(budget: Budget, change: Change, size: ModelSize): Budget {
  const { kind } = change;
  const unit = unitsOf(kind).includes(change.unit) ? change.unit : 'layers';
  const before = typical(budget);
  const amount =
    unit === budget.unit ? before : worth(Math.max(1, inLayers(before, budget.unit, size)), unit, size);
  switch (kind) {
    case 'fixed':
      return { kind, unit, amount };
    case 'participant':
      return { kind, unit, fallback: amount };
    case 'drawn': {
      // the paper's range, as far as the model has it
      const [min, max] = [worth(1, unit, size), worth(Math.min(4, size.layers), unit, size)];
      return { kind, unit, distribution: 'half-normal', min, max };
    }
    case 'adaptive': {
      const counted = unit === 'milliseconds' ? 'layers' : unit;
      const max = worth(size.layers, counted, size);
      return { kind, unit: counted, deadline: 60, first: Math.min(amount, max), max };
    }
    default:
      return kind satisfies never;
  }
}
