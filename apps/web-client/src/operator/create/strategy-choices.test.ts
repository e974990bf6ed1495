import { strategies } from '@strata/fl-core/selection';
import { expect, it } from 'vitest';
import { firstStrategies, moreStrategies, strategiesInSight } from './strategy-choices.ts';

it('every strategy stands in exactly one place of the form', () => {
  const shown = [...firstStrategies, ...moreStrategies.flatMap((group) => group.names)];
  expect([...shown].sort()).toEqual(strategies.map((s) => s.name).sort());
  expect(firstStrategies).toEqual(['strata', 'gradient-norm', 'full']);
});

it('keeps the chosen one in sight', () => {
  expect(strategiesInSight('full', false)).toEqual(firstStrategies);
  expect(strategiesInSight('lisa', false)).toEqual([...firstStrategies, 'lisa']);
  expect(strategiesInSight('lisa', true)).toEqual(firstStrategies);
});
