import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commonTimeCosts } from './common-time-costs.ts';
import { costsInMilliseconds, roundTime } from './costs.ts';
import { createStrategy } from './create.ts';

const layers = 6;
const milliseconds = fc.double({ min: 0, max: 1e4, noNaN: true });
const vector = fc.array(milliseconds, { minLength: layers, maxLength: layers });
const client = fc.record({
  samples: fc.integer({ min: 0, max: 1000 }),
  deadline: fc.double({ min: 0, max: 1e6, noNaN: true }),
  steps: fc.integer({ min: 1, max: 100 }),
  times: fc.record({ base: milliseconds, passing: vector, training: vector }),
  scores: vector,
});

const names = Array.from({ length: layers }, (_, l) => `l${l}`);

describe('commonTimeCosts', () => {
  it('no mask that P1 or a baseline gives takes longer than its deadline', () => {
    const strategies = [
      createStrategy({ name: 'strata', lambda: 1 }),
      createStrategy({ name: 'gradient-norm' }),
      createStrategy({ name: 'top' }),
    ];
    const property = fc.property(fc.array(client, { minLength: 1, maxLength: 4 }), (clients) => {
      const { budgets, own, ...costs } = commonTimeCosts(
        clients.map(({ samples, deadline, steps, times }) => ({
          samples,
          deadline,
          measured: { times, steps },
        })),
        layers,
      );
      for (const strategy of strategies) {
        const { masks } = strategy.select({
          layers: names,
          ...costs,
          clients: clients.map((c, i) => ({
            id: `c${i}`,
            samples: c.samples,
            budget: budgets[i]!,
            own: own[i],
            scores: c.scores,
          })),
          round: 1,
          seed: 1,
        });
        clients.forEach(({ times, steps, deadline }, i) => {
          const mask = masks[`c${i}`]!.map((name) => names.indexOf(name));
          // The rest of a round takes as long as it takes: what is always trained is outside the budget.
          const latest = Math.max(deadline, steps * times.base) * (1 + 1e-9) + 1e-3;
          expect(roundTime(times, mask, steps)).toBeLessThanOrEqual(latest);
        });
      }
    });
    fc.assert(property, { numRuns: 200 });
  });

  it('is exact for devices that differ in speed alone: the whole of the free time is there to be used', () => {
    fc.assert(
      fc.property(client, fc.double({ min: 0.1, max: 10, noNaN: true }), (drawn, slowness) => {
        const { steps } = drawn;
        const times = { ...drawn.times, training: drawn.times.training.map((t) => t + 1) }; // a clock shows them
        const slow = {
          base: slowness * times.base,
          passing: times.passing.map((t) => slowness * t),
          training: times.training.map((t) => slowness * t),
        };
        const all = costsInMilliseconds(slow, steps);
        const free = all.reach![0]! + all.costs.reduce((a, b) => a + b, 0);
        const { costs, reach, budgets } = commonTimeCosts(
          [times, slow].map((t) => ({
            samples: 1,
            deadline: steps * slow.base + free,
            measured: { times: t, steps },
          })),
          layers,
        );
        const everything = reach![0]! + costs.reduce((a, b) => a + b, 0);
        expect(budgets[1]! / everything).toBeCloseTo(1, 9);
      }),
    );
  });

  it('gives devices that differ in speed alone their own number of layers', () => {
    const times = { base: 1, passing: [0, 0, 0], training: [1, 1, 1] };
    const slow = { base: 2, passing: [0, 0, 0], training: [2, 2, 2] };
    const { costs, budgets } = commonTimeCosts(
      [
        { samples: 1, deadline: 40, measured: { times, steps: 10 } },
        { samples: 1, deadline: 40, measured: { times: slow, steps: 10 } },
        { samples: 1, deadline: 40, measured: null },
      ],
      3,
    );
    expect(costs).toEqual([1, 1, 1]);
    expect(budgets).toEqual([3, 1, 0]);
  });

  it('weights the shapes by samples', () => {
    const flat = { base: 0, passing: [0, 0], training: [1, 1] };
    const steep = { base: 0, passing: [0, 0], training: [3, 1] }; // shape [1.5, 0.5]
    const { costs } = commonTimeCosts(
      [
        { samples: 3, deadline: 1, measured: { times: flat, steps: 1 } },
        { samples: 1, deadline: 1, measured: { times: steep, steps: 1 } },
      ],
      2,
    );
    expect(costs).toEqual([1.125, 0.875]);
  });
});
