import { diagnostics } from '@strata/fl-core/diagnostics';
import { createStrategy, type SelectionInput } from '@strata/fl-core/selection';
import { vote } from './vote.ts';

/** Six layers, four clients with other tastes; "ward" sees what nobody else does, and can afford three layers. */
export const problem: SelectionInput = {
  layers: ['block0', 'block1', 'block2', 'block3', 'block4', 'block5'],
  costs: [1, 1, 1, 1, 1, 1],
  clients: [
    { id: 'lab', samples: 300, budget: 2, scores: [9, 5, 1, 1, 2, 1] },
    { id: 'clinic', samples: 200, budget: 2, scores: [8, 1, 6, 1, 2, 1] },
    { id: 'practice', samples: 50, budget: 1, scores: [4, 3, 2, 1, 1, 5] },
    { id: 'ward', samples: 100, budget: 3, scores: [1, 1, 1, 2, 7, 9] },
  ],
  round: 1,
  seed: 1,
};

const strategies = [
  ['vote', vote],
  ['strata, lambda 0', createStrategy({ name: 'strata', lambda: 0 })],
  ['strata, lambda 0.3', createStrategy({ name: 'strata', lambda: 0.3 })],
  ['strata, lambda 10', createStrategy({ name: 'strata', lambda: 10 })],
] as const;

/** Every strategy's masks, and what the diagnostics of a run say of them. */
export function compare(input: SelectionInput) {
  return strategies.map(([name, strategy]) => {
    const { masks } = strategy.select(input);
    const clients = input.clients.map((c) => ({ ...c, mask: masks[c.id] ?? [] }));
    const { agreement, covered, e1, e2 } = diagnostics({ layers: input.layers, clients });
    return { name, masks, agreement, covered, e1, e2 };
  });
}
