import type { z } from 'zod';
import { type About, type ConfigOf, checkedBy, configOf, type Options } from '../variants/index.ts';
import { badConfigOf } from './bad-config.ts';
import type { Emit, LayerUpdate } from './update.ts';

/** Aggregates the updates that count, at least one, in client order; answers whose had a say, in client order. */
export type Rule = (updates: readonly LayerUpdate[], elements: number, emit: Emit) => Promise<string[]>;

/** How many updates of a layer a rule needs, and why; it refuses a layer that fewer trained. */
export interface Demand {
  /** The option that it follows from. */
  readonly option: string;
  readonly updates: number;
  /** How the number comes about: `2 * 1 + 3`. */
  readonly sum: string;
  /** `against 1 Byzantine participants`. */
  readonly purpose: string;
  readonly remedy: string;
  /** All of it in sentences for the form. */
  readonly note: string;
}

/** Everything that only the rule itself knows. */
interface RuleDefinition<N extends string, S extends Options> extends About<N, S> {
  /** Options that suit a round of `updates`. */
  readonly start: (updates: number) => z.input<z.ZodObject<S>>;
  /** In a round of `updates`; absent where one update is enough. */
  readonly demand?: (config: ConfigOf<N, S>, updates: number) => Demand;
  /** Whether it makes a weighted mean of all updates, whatever is in them: of sums the mean of sums. */
  readonly averages: boolean;
  readonly create: (config: ConfigOf<N, S>) => Rule;
}

/** Makes a member of the list of rules: the definition with the schema of its configuration. */
export function defineRule<const N extends string, S extends Options>(definition: RuleDefinition<N, S>) {
  const { name, start, demand } = definition;
  const config = configOf(name, definition.options);
  const checked = checkedBy<ConfigOf<N, S>>(config, badConfigOf('rule'));
  return {
    ...definition,
    /** The schema of its configuration. */
    config,
    /** Throws `bad-config` for options out of range, as the next one does. */
    create: (given: unknown): Rule => definition.create(checked(given)),
    demand: (given: unknown, updates: number): Demand | null => demand?.(checked(given), updates) ?? null,
    startConfig: (updates: number): ConfigOf<N, S> => checked({ name, ...start(Math.floor(updates)) }),
  };
}
