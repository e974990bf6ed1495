import { z } from 'zod';
import type { OptionField } from './fields.ts';

/** The schema of each option of a variant; its bounds and defaults stand nowhere else. */
export type Options = Readonly<Record<string, z.ZodType>>;

/** What a member of a list tells people of itself. */
export interface Listed<N extends string = string> {
  /** As in configurations; never changed, since stored runs have it. */
  readonly name: N;
  readonly title: string;
  /** What it does and what that is good for, in a sentence. */
  readonly text: string;
  /** The paper it comes from, or that it is our own. */
  readonly source: string;
}

/**
 * What a variant tells of itself. A variant is one of several ways to do the same thing that a run's configuration
 * names: a strategy, a rule, an optimizer. It is one file; a list beside it names them all.
 */
export interface About<N extends string, S extends Options> extends Listed<N> {
  readonly options: S;
  readonly fields: readonly OptionField<keyof S & string>[];
}

/** The schema of a variant's part of the configuration. */
export function configOf<const N extends string, S extends Options>(name: N, options: S) {
  return z.object({ name: z.literal(name), ...options });
}

export type ConfigSchema<N extends string, S extends Options> = ReturnType<typeof configOf<N, S>>;
export type ConfigOf<N extends string, S extends Options> = z.output<ConfigSchema<N, S>>;

/** The member of a list that a configuration names. */
export function named<V extends { readonly name: string }>(list: readonly V[], name: V['name']): V {
  const found = list.find((v) => v.name === name);
  if (!found) throw new RangeError(`There is no ${name}; there are ${list.map((v) => v.name).join(', ')}.`);
  return found;
}

/** Parses by `schema`, defaults filled in, or throws what `refuse` makes of the problems. */
export function checkedBy<C>(
  schema: z.ZodType<C>,
  refuse: (given: string, problems: string) => Error,
): (given: unknown) => C {
  return (given) => {
    const parsed = schema.safeParse(given);
    if (parsed.success) return parsed.data;
    const problems = parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`);
    throw refuse(JSON.stringify(given), problems.join('; '));
  };
}
