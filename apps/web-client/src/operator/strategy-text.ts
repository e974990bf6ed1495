import type { RunConfig } from '@strata/fl-core/protocol';
import { strategyNamed } from '@strata/fl-core/selection';

/** Strategies that train everything or nothing, whatever a client can afford. */
export const ignoresBudget = (strategy: RunConfig['strategy']): boolean =>
  strategyNamed(strategy.name).everybody !== null;

/** A strategy with its parameters, as it stands in headings: `strata, λ 1`. */
export const strategyText = (strategy: RunConfig['strategy']): string =>
  strategyNamed(strategy.name).heading(strategy);
