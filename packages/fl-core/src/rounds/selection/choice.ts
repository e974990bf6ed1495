import type { StrategyConfig } from '../../protocol/index.ts';
import {
  createStrategy,
  type Selection,
  type SelectionHistory,
  type SelectionInput,
} from '../../selection/index.ts';

/** A question to a strategy: plain data, so that a thread can answer it. */
export interface Choice {
  readonly strategy: StrategyConfig;
  readonly input: SelectionInput;
  readonly history: SelectionHistory | null;
}

export type Chosen = Selection & { readonly history?: SelectionHistory };

/** Pure; throws `StrataError`. */
export function choose({ strategy: config, input, history }: Choice): Chosen {
  if (input.layers.length === 0 || input.clients.length === 0) {
    return {
      masks: Object.fromEntries(input.clients.map((c) => [c.id, []])),
      ...(history ? { history } : {}),
    };
  }
  const strategy = createStrategy(config);
  return strategy.needs === 'history' ? strategy.select(input, history) : strategy.select(input);
}
