import { type StrategyGroup, type StrategyName, strategies } from '@strata/fl-core/selection';

/** What a newcomer should compare first. */
export const firstStrategies: readonly StrategyName[] = namesOf('first');

interface TitledGroup {
  readonly title: string;
  readonly names: readonly StrategyName[];
}

/** The others, folded away. */
export const moreStrategies: readonly TitledGroup[] = [
  { title: 'Simple rules', names: namesOf('simple') },
  { title: 'By other scores', names: namesOf('scores') },
  { title: 'From later papers', names: namesOf('papers') },
];

/** The chosen strategy is always in sight, even where its group is folded away. */
export function strategiesInSight(chosen: StrategyName, unfolded: boolean): readonly StrategyName[] {
  return unfolded || firstStrategies.includes(chosen) ? firstStrategies : [...firstStrategies, chosen];
}

function namesOf(group: StrategyGroup): StrategyName[] {
  return strategies.filter((s) => s.group === group).map((s) => s.name);
}
