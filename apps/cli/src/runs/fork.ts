import type { RunConfig } from '@strata/fl-core/protocol';

type Value = unknown;
const isObject = (value: Value): value is Record<string, Value> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * A configuration with what a file says in place of what was there: objects field by field, all else as a whole. A thing
 * of another name or kind (a strategy, a rule) is taken as it is given: the options of the one before are none of its own.
 */
export function changed(config: RunConfig, change: Value): Value {
  return merge(config, change);
}

function merge(before: Value, change: Value): Value {
  if (!isObject(before) || !isObject(change) || isAnother(before, change)) return change;
  const entries = Object.entries(change).map(([name, value]) => [name, merge(before[name], value)]);
  return { ...before, ...Object.fromEntries(entries) };
}

const isAnother = (before: Record<string, Value>, change: Record<string, Value>): boolean =>
  ['name', 'kind'].some(
    // A run has a name, too, and no kind of its own.
    (tag) => !('strategy' in before) && tag in change && change[tag] !== before[tag],
  );
