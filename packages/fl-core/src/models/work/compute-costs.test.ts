import { describe, expect, it } from 'vitest';
import { maskCost } from '../../selection/mask-cost.ts';
import { catalog, computeCosts, layerWork, stepWork, type WorkConfig } from '../layouts.ts';

const run = (model: keyof typeof catalog, side = 64): WorkConfig => ({
  model,
  task: { name: 'classification' },
  labels: ['a', 'b', 'c'],
  side,
});

describe('computeCosts', () => {
  it('are the operations of a step beyond those of the head alone, in percent of all layers', () => {
    const work = layerWork(catalog['deit-tiny'], 3, 64);
    const costs = computeCosts(run('deit-tiny'));
    const beyond = (mask: number[]) =>
      stepWork(work, { trained: [...mask.map((l) => `blocks.${l}`), 'head'] }) -
      stepWork(work, { trained: ['head'] });
    const all = beyond([...costs.costs.keys()]);
    for (const mask of [[11], [0], [3, 7], [0, 1, 11], [10, 11]])
      expect(maskCost(costs, mask)).toBeCloseTo((100 * beyond(mask)) / all, 9);
    expect(maskCost(costs, [...costs.costs.keys()])).toBeCloseTo(100, 9);
  });

  it.each(Object.keys(catalog) as (keyof typeof catalog)[])(
    'are positive for %s, and the way down never shrinks',
    (model) => {
      const { costs, reach } = computeCosts(run(model));
      for (const [l, cost] of costs.entries()) {
        expect(cost).toBeGreaterThan(0);
        expect(reach[l]).toBeGreaterThanOrEqual(reach[l + 1] ?? 0);
      }
    },
  );

  it('the bottom block costs more than half of everything, the top one less than a tenth of it', () => {
    const costs = computeCosts(run('deit-tiny'));
    expect(maskCost(costs, [0])).toBeGreaterThan(50);
    expect(maskCost(costs, [11])).toBeLessThan(10);
  });

  it('hardly depend on how many tokens a sample has', () => {
    const [few, many] = [run('deit-tiny', 64), run('deit-tiny', 128)].map(computeCosts);
    // 17 tokens and 65
    for (const mask of [[11], [0], [3, 7], [0, 1, 11]])
      expect(Math.abs(maskCost(few!, mask) - maskCost(many!, mask))).toBeLessThan(2);
  });
});
