import type { z } from 'zod';
import { StrataError } from '../error.ts';
import { type About, type ConfigOf, checkedBy, configOf, type Options } from '../variants/index.ts';
import { inGroups } from './groups/in-groups.ts';
import type { Strategy } from './strategy.ts';

/** Where a strategy stands among the others on forms and in lists. */
export type StrategyGroup = 'first' | 'simple' | 'scores' | 'papers';

/** Everything that only the strategy itself knows. */
interface StrategyDefinition<N extends string, S extends Options, R extends Strategy> extends About<N, S> {
  readonly group: StrategyGroup;
  /** Good values of the options that have no default. */
  readonly start: Partial<z.input<z.ZodObject<S>>>;
  /** What everybody trains whatever the budgets; absent where budgets count. */
  readonly everybody?: 'all' | 'none';
  /**
   * Rounds that a choice is kept (`selection.every`) where a form or a demo begins with this strategy; absent: each round
   * chooses. A run that says nothing chooses in each.
   */
  readonly keptFor?: number;
  /** Whether layers that nobody trains move on by their last change, which the server keeps. */
  readonly recycles?: true;
  /** Whether value and bound of its masks are worth a chart. */
  readonly solver?: true;
  /** The strategy with its options as it stands in headings: `strata, λ 1`. */
  readonly heading: (config: ConfigOf<N, S>) => string;
  readonly create: (config: ConfigOf<N, S>) => R;
}

/** Makes a member of the list of strategies: the definition with the schema of its configuration. */
export function defineStrategy<const N extends string, S extends Options, R extends Strategy>(
  definition: StrategyDefinition<N, S, R>,
) {
  const config = configOf(definition.name, definition.options);
  const checked = checkedBy<ConfigOf<N, S>>(
    config,
    (given, problems) =>
      new StrataError(
        'bad-config',
        `${given} is not a valid choice: ${problems}.`,
        'Give options in the ranges of the strategy.',
      ),
  );
  const { everybody = null, keptFor = 1, recycles = false, solver = false } = definition;
  return {
    ...definition,
    everybody,
    keptFor,
    recycles,
    solver,
    /** The schema of its configuration. */
    config,
    /** With groups kept. Throws {@link StrataError} for options out of range, as the next one does. */
    create: (given: unknown): R => inGroups(definition.create(checked(given))),
    heading: (given: unknown): string => definition.heading(checked(given)),
    /** With good options to start from. */
    startConfig: (): ConfigOf<N, S> => checked({ name: definition.name, ...definition.start }),
  };
}
