import {
  type StrategyInput,
  type StrategyName,
  type StrategyVariant,
  strategyNamed,
} from './strategies/index.ts';
import type { Strategy } from './strategy.ts';

type StrategyOf<N extends StrategyName> = ReturnType<Extract<StrategyVariant, { name: N }>['create']>;

/** Makes the strategy that `config` names. Throws `StrataError` for options out of range. */
export function createStrategy<C extends StrategyInput>(config: C): StrategyOf<C['name']>;
export function createStrategy(config: StrategyInput): Strategy {
  return strategyNamed(config.name).create(config);
}
