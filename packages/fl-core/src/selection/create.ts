import { SelectionError } from './error.ts';
import { type AdaGradSelectOptions, adaGradSelect } from './strategies/ada-grad-select.ts';
import { both } from './strategies/both.ts';
import { bottom } from './strategies/bottom.ts';
import { type DiversityOptions, diversity } from './strategies/diversity.ts';
import { fedOlf } from './strategies/fed-olf.ts';
import { full } from './strategies/full.ts';
import { headOnly } from './strategies/head-only.ts';
import { type LisaOptions, lisa } from './strategies/lisa.ts';
import { ownBest } from './strategies/own-best.ts';
import { randomLayers } from './strategies/random.ts';
import { type RoundRobinOptions, roundRobin } from './strategies/round-robin.ts';
import { type StrataOptions, strata } from './strategies/strata.ts';
import { top } from './strategies/top.ts';
import type { BlindStrategy, HistoricStrategy, ScoredStrategy, Strategy } from './strategy.ts';

/** Strategies that need names, costs and budgets alone. */
export type BlindConfig =
  | { readonly name: 'full' | 'head-only' | 'top' | 'bottom' | 'both' | 'random' | 'fedolf' }
  | ({ readonly name: 'round-robin' } & RoundRobinOptions)
  | ({ readonly name: 'lisa' } & LisaOptions);

/** Strategies that need this round's scores. */
export type ScoredConfig =
  | { readonly name: 'gradient-norm' | 'rgn' | 'snr' }
  | ({ readonly name: 'strata' } & StrataOptions)
  | ({ readonly name: 'diversity' } & DiversityOptions);

/** Strategies that need a history which the caller keeps. */
export type HistoricConfig = { readonly name: 'adagrad-select' } & AdaGradSelectOptions;

/** Every strategy with its options; the schema of a run's configuration mirrors it. */
export type StrategyConfig = BlindConfig | ScoredConfig | HistoricConfig;

/** Makes the strategy that `config` names. Throws {@link SelectionError} for options out of range. */
export function createStrategy(config: BlindConfig | ScoredConfig): BlindStrategy | ScoredStrategy;
export function createStrategy(config: HistoricConfig): HistoricStrategy;
export function createStrategy(config: StrategyConfig): Strategy;
export function createStrategy(config: StrategyConfig): Strategy {
  switch (config.name) {
    case 'full':
      return full();
    case 'head-only':
      return headOnly();
    case 'top':
      return top();
    case 'bottom':
      return bottom();
    case 'both':
      return both();
    case 'random':
      return randomLayers();
    case 'fedolf':
      return fedOlf();
    case 'round-robin':
      return roundRobin(config);
    case 'lisa':
      return lisa(config);
    case 'gradient-norm':
      return ownBest('gradient-norm', 'squared-norm');
    case 'rgn':
    case 'snr':
      return ownBest(config.name, config.name);
    case 'strata':
      atLeastZero('lambda', config.lambda);
      return strata(config);
    case 'diversity':
      atLeastZero('reward', config.reward);
      return diversity(config);
    case 'adagrad-select':
      return adaGradSelect(config);
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
