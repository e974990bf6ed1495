import type { Masks, Selection, SelectionInput, Strategy } from '../strategy.ts';

/**
 * The strategy with groups kept ({@link SelectionInput.minimumGroup}). Where a layer is left with fewer clients than that,
 * the smallest such group is struck, of equals the one nearest to the input, and the strategy chooses again with that layer
 * closed: by its own order or scores, so that its members go on to their next-best layer that is open and fits their
 * budget, which may fill another group. And so on, until all groups are large enough. Nothing changes where they are at
 * once, as with strata, which knows the constraint.
 *
 * With fewer than m clients every layer is struck in the end, and what is always trained is left.
 */
export function inGroups<R extends Strategy>(strategy: R): R;
export function inGroups(strategy: Strategy): Strategy {
  switch (strategy.needs) {
    case 'nothing':
    case 'scores':
      return {
        ...strategy,
        select: (input: SelectionInput) => keepGroups(input, (at) => strategy.select(at)),
      };
    case 'history':
      return {
        ...strategy,
        select: (input, history) => keepGroups(input, (at) => strategy.select(at, history)),
      };
    default:
      return strategy satisfies never;
  }
}

/** What `select` chooses, over and over with one more layer closed until all groups are large enough. */
export function keepGroups<S extends Selection>(
  input: SelectionInput,
  select: (input: SelectionInput) => S,
): S {
  const first = select(input);
  const closed = new Set(input.closed);
  let selection = first;
  for (;;) {
    const smallest = smallestGroup(input, selection.masks);
    if (smallest === null) break;
    closed.add(smallest);
    selection = select({ ...input, closed });
  }
  // With layers closed the solver's bound is one on fewer masks.
  if (selection === first || first.bound === undefined) return selection;
  return { ...selection, bound: first.bound, proved: false };
}

/** Index of the layer with the fewest clients of those that have some and too few; null when there is none. */
function smallestGroup({ layers, minimumGroup = 1 }: SelectionInput, masks: Masks): number | null {
  const counts = groupSizes(layers, masks);
  const tooSmall = [...layers.keys()].filter((l) => counts[l]! > 0 && counts[l]! < minimumGroup);
  if (tooSmall.length === 0) return null;
  return tooSmall.reduce((least, l) => (counts[l]! < counts[least]! ? l : least));
}

/** How many clients train each layer, (L). */
export function groupSizes(layers: readonly string[], masks: Masks): number[] {
  const places = new Map(layers.map((layer, l) => [layer, l]));
  const counts = layers.map(() => 0);
  for (const layer of Object.values(masks).flat()) counts[places.get(layer)!]!++;
  return counts;
}
