import type { RunConfig } from '@strata/fl-core/protocol';
import { createStrategy } from '@strata/fl-core/selection';

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

/** What a strategy really chooses for the imaginary clients: the picture on the form is not a drawing. */
export function exampleMasks(strategy: RunConfig['strategy'], budget: number): ExampleRow[] {
  const layers = Array.from({ length: exampleLayers }, (_, i) => String(i));
  const { masks } = createStrategy(strategy).select({
    layers,
    costs: layers.map(() => 1),
    clients: scores.map((row, i) => ({ id: `client-${i}`, samples: 100, budget, scores: row })),
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
