import { layerBytes, layoutOf, specAtFirst } from '@strata/fl-core/models/layouts';
import type { RunConfig } from '@strata/fl-core/protocol';

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
  bytes: { label: 'Megabytes', suffix: ' MB', scale: 1e6 },
  milliseconds: { label: 'Seconds', suffix: ' s', scale: 1000 },
};

/** Time and an adaptive budget measure the same twice, so that they do not go together. */
export const unitsOf = (kind: BudgetKind): readonly BudgetUnit[] =>
  kind === 'adaptive' ? ['layers', 'bytes'] : ['layers', 'bytes', 'milliseconds'];

/** Largest size of a selectable layer of a model, in bytes. */
export function largestLayer(model: RunConfig['model'], labels: number): number {
  const { layers } = layoutOf(specAtFirst(model), Math.max(2, labels));
  return Math.max(...layers.filter((l) => l.role === 'block').map(layerBytes));
}

/** What a layer is taken to need where nothing was measured yet. */
const guessedMilliseconds = 5000;

/** `layers` layers in another unit, in round figures and rather too much: a budget below every layer trains nothing. */
export function worth(layers: number, unit: BudgetUnit, layerSize: number): number {
  const exact = layers * sizeOf(unit, layerSize);
  const step = 10 ** Math.max(0, Math.floor(Math.log10(exact)) - 2);
  return Math.ceil(exact / step) * step;
}

/** About how many layers an amount holds: whole ones, and for time by the guess above. */
export function inLayers(amount: number, unit: BudgetUnit, layerSize: number): number {
  return Math.floor((Number(amount) || 0) / sizeOf(unit, layerSize));
}

function sizeOf(unit: BudgetUnit, layerSize: number): number {
  switch (unit) {
    case 'layers':
      return 1;
    case 'bytes':
      return layerSize;
    case 'milliseconds':
      return guessedMilliseconds;
    default:
      return unit satisfies never;
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

interface Change {
  readonly kind: BudgetKind;
  readonly unit: BudgetUnit;
}

/** The budget in another kind or unit, of about the same size; `layers` is how many the model has to choose from. */
export function changeBudget(budget: Budget, change: Change, layers: number, layerSize: number): Budget {
  const { kind } = change;
  const unit = unitsOf(kind).includes(change.unit) ? change.unit : 'layers';
  const before = typical(budget);
  const amount =
    unit === budget.unit
      ? before
      : worth(Math.max(1, inLayers(before, budget.unit, layerSize)), unit, layerSize);
  switch (kind) {
    case 'fixed':
      return { kind, unit, amount };
    case 'participant':
      return { kind, unit, fallback: amount };
    case 'drawn': {
      // the paper's range, as far as the model has it
      const [min, max] = [worth(1, unit, layerSize), worth(Math.min(4, layers), unit, layerSize)];
      return { kind, unit, distribution: 'half-normal', min, max };
    }
    case 'adaptive': {
      const counted = unit === 'milliseconds' ? 'layers' : unit;
      const max = worth(layers, counted, layerSize);
      return { kind, unit: counted, deadline: 60, first: Math.min(amount, max), max };
    }
    default:
      return kind satisfies never;
  }
}
