import type { RunConfig } from '@strata/fl-core/protocol';
import {
  budgetOf,
  createStrategy,
  type LayerCosts,
  type ScoreScale,
  type Selection,
  type SelectionInput,
  StrategyConfig,
  scaledScores,
  strategyNamed,
} from '@strata/fl-core/selection';
import { inLayers, type ModelSize } from './budgets.ts';
import { usable } from './usable.ts';

/**
 * Scores of five imaginary clients for eight layers, one row a client: two kinds of data, of which one finds its
 * importance near the input and the other near the output, and one layer that matters somewhat to everybody.
 */
const scores: readonly (readonly number[])[] = [
  [0.9, 0.8, 0.45, 0.5, 0.2, 0.15, 0.1, 0.2],
  [0.75, 0.95, 0.3, 0.6, 0.25, 0.1, 0.2, 0.15],
  [0.3, 0.35, 0.5, 0.55, 0.4, 0.5, 0.3, 0.35],
  [0.1, 0.2, 0.15, 0.6, 0.35, 0.3, 0.85, 0.9],
  [0.2, 0.1, 0.25, 0.5, 0.3, 0.45, 0.95, 0.7],
];

export const exampleLayers = scores[0]?.length ?? 0;

export interface ExampleRow {
  readonly client: string;
  /** One entry a layer, in forward order. */
  readonly cells: readonly { readonly score: number; readonly chosen: boolean }[];
}

/** Costs of the eight layers: alike, or of work those of a Transformer, where passing through one is as dear as training it. */
export function exampleCosts(unit: RunConfig['budget']['unit']): LayerCosts {
  const alike = Array.from({ length: exampleLayers }, () => (unit === 'compute' ? 50 / exampleLayers : 1));
  const [each = 0] = alike;
  return unit === 'compute'
    ? { costs: alike, reach: alike.map((_, l) => (exampleLayers - l) * each) }
    : { costs: alike };
}

/** What a strategy really chooses for the imaginary clients: the picture on the form is not a drawing. */
export function exampleMasks(
  strategy: RunConfig['strategy'],
  budgets: readonly number[],
  scale: ScoreScale = 'share',
  costs: LayerCosts = exampleCosts('layers'),
): ExampleRow[] {
  const weighed = scaledScores(scale, scores);
  const layers = Array.from({ length: exampleLayers }, (_, i) => String(i));
  const { masks } = firstRound(strategy, {
    layers,
    ...costs,
    clients: weighed.map((row, i) => ({
      id: `client-${i}`,
      samples: 100,
      budget: budgets[i] ?? 0,
      scores: row,
    })),
    round: 1,
    seed: 1,
  });
  return scores.map((row, i) => {
    const chosen = new Set(masks[`client-${i}`]);
    return {
      client: `client-${i}`,
      cells: row.map((score, l) => ({ score, chosen: chosen.has(String(l)) })),
    };
  });
}

function firstRound(config: RunConfig['strategy'], input: SelectionInput): Selection {
  const strategy = createStrategy(config);
  return strategy.needs === 'history' ? strategy.select(input, null) : strategy.select(input);
}

/**
 * What the imaginary clients can afford, in the unit of {@link exampleCosts}. They say nothing of their own, and nobody
 * has measured their speed, so that only drawn budgets differ.
 */
export function exampleBudgets(budget: RunConfig['budget'], seed: number, size: ModelSize): number[] {
  const policy = typed(budget);
  return scores.map((_, i) => {
    const amount = budgetOf(policy, { id: `client-${i}`, wish: null, rounds: [] }, Number(seed) || 0);
    if (budget.unit === 'compute') return Math.min(100, amount);
    return Math.min(exampleLayers, inLayers(amount, budget.unit, size));
  });
}

/** A budget that can be computed while its fields are being typed in. */
function typed(budget: RunConfig['budget']): RunConfig['budget'] {
  const number = (value: number) => Math.max(0, Number(value) || 0);
  switch (budget.kind) {
    case 'fixed':
      return { ...budget, amount: number(budget.amount) };
    case 'participant':
      return { ...budget, fallback: number(budget.fallback) };
    case 'drawn': {
      const min = number(budget.min);
      return { ...budget, min, max: Math.max(min, number(budget.max)) };
    }
    case 'adaptive':
      return { ...budget, first: number(budget.first), max: number(budget.max) };
    default:
      return budget satisfies never;
  }
}

/** A strategy that can be drawn while its fields are being typed in. */
export function drawable(strategy: RunConfig['strategy']): RunConfig['strategy'] {
  const { name } = strategy;
  const { options, startConfig } = strategyNamed(name);
  return StrategyConfig.parse({ name, ...usable(options, startConfig(), strategy) });
}
