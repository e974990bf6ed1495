import { SelectionError } from './error.ts';
import { full } from './strategies/full.ts';
import { headOnly } from './strategies/headOnly.ts';
import { ownBest } from './strategies/ownBest.ts';
import { type StrataOptions, strata } from './strategies/strata.ts';
import type { Strategy } from './strategy.ts';

/** Every strategy with its options; the schema of a run's configuration mirrors it. */
export type StrategyConfig =
  | { readonly name: 'full' }
  | { readonly name: 'head-only' }
  | { readonly name: 'gradient-norm' }
  | ({ readonly name: 'strata' } & StrataOptions);

/** Makes the strategy that `config` names. Throws {@link SelectionError} for options out of range. */
export function createStrategy(config: StrategyConfig): Strategy {
  switch (config.name) {
    case 'full':
      return full();
    case 'head-only':
      return headOnly();
    case 'gradient-norm':
      return ownBest('gradient-norm', 'squared-norm');
    case 'strata':
      atLeastZero('lambda', config.lambda);
      return strata(config);
    default:
      return config satisfies never;
  }
}

function atLeastZero(option: string, value: number): void {
  if (Number.isFinite(value) && value >= 0) return;
  throw new SelectionError(
    'bad-config',
    `${option} is ${value}.`,
    'Give a finite number that is not negative.',
  );
}
