import { z } from 'zod';
import { named } from '../../variants/index.ts';
import { adaGradSelect } from './ada-grad-select.ts';
import { both } from './both.ts';
import { bottom } from './bottom.ts';
import { diversity } from './diversity.ts';
import { fedLuar } from './fed-luar.ts';
import { fedOlf } from './fed-olf.ts';
import { full } from './full.ts';
import { gradientNorm } from './gradient-norm.ts';
import { headOnly } from './head-only.ts';
import { lisa } from './lisa.ts';
import { randomLayers } from './random.ts';
import { rgn } from './rgn.ts';
import { roundRobin } from './round-robin.ts';
import { snr } from './snr.ts';
import { strata } from './strata.ts';
import { top } from './top.ts';
import { triangle } from './triangle.ts';

export { scoreKinds } from '../score-kinds.ts';

/** Every strategy there is, in the order of forms and lists. All that concerns one alone is in its file. */
export const strategies = [
  strata,
  gradientNorm,
  full,
  top,
  bottom,
  both,
  randomLayers,
  roundRobin,
  headOnly,
  snr,
  rgn,
  lisa,
  fedOlf,
  fedLuar,
  triangle,
  adaGradSelect,
  diversity,
] as const;

export type StrategyVariant = (typeof strategies)[number];
export type StrategyName = StrategyVariant['name'];

const [first, ...others] = strategies;

/** How the layers of each client are chosen (docs/design.md, 6): a strategy's name and its options. */
export const StrategyConfig = z.discriminatedUnion('name', [first.config, ...others.map((s) => s.config)]);
export type StrategyConfig = z.output<typeof StrategyConfig>;
/** With what has a default left out. */
export type StrategyInput = z.input<typeof StrategyConfig>;

/** The strategy that a configuration names. */
export const strategyNamed = (name: StrategyName): StrategyVariant =>
  named<StrategyVariant>(strategies, name);
