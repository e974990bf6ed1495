import type { StrategyConfig } from '../../protocol/index.ts';
import {
  createStrategy,
  fillTime,
  type Masks,
  type Selection,
  type SelectionHistory,
  type SelectionInput,
  type TimedClient,
} from '../../selection/index.ts';

/** A question to a strategy: plain data, so that a thread can answer it. */
export interface Choice {
  readonly strategy: StrategyConfig;
  readonly input: SelectionInput;
  readonly history: SelectionHistory | null;
  /** In the order of the input's clients; null unless costs are milliseconds. */
  readonly timed: readonly TimedClient[] | null;
}

export type Chosen = Selection & { readonly history?: SelectionHistory };

/** Pure; throws `StrataError`. */
export function choose({ strategy: config, input, history, timed }: Choice): Chosen {
  if (input.layers.length === 0 || input.clients.length === 0) {
    return {
      masks: Object.fromEntries(input.clients.map((c) => [c.id, []])),
      ...(history ? { history } : {}),
    };
  }
  const strategy = createStrategy(config);
  const chosen: Chosen =
    strategy.needs === 'history' ? strategy.select(input, history) : strategy.select(input);
  const own = strategy.needs === 'scores' && strategy.ownChoice;
  return timed !== null && own ? { ...chosen, masks: topUpTime(input, timed, chosen.masks) } : chosen;
}

function topUpTime({ layers, clients }: SelectionInput, timed: readonly TimedClient[], masks: Masks): Masks {
  const filled = clients.map(({ id, scores }, i) => {
    const mask = masks[id] ?? [];
    const { measured, deadline } = timed[i]!;
    if (!measured || !scores) return [id, mask] as const;
    const indices = mask.map((name) => layers.indexOf(name));
    const taken = fillTime(measured.times, indices, scores, deadline, measured.steps);
    return [id, taken.map((l) => layers[l]!)] as const;
  });
  return Object.fromEntries(filled);
}
