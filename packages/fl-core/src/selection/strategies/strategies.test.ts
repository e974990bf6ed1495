import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StrataError } from '../../error.ts';
import { createStrategy } from '../create.ts';
import { maskCost } from '../mask-cost.ts';
import type { Selection, SelectionHistory, SelectionInput } from '../strategy.ts';
import type { StrategyInput } from './index.ts';

const layers = ['l0', 'l1', 'l2', 'l3', 'l4'];
const input: SelectionInput = {
  layers,
  costs: [1, 1, 1, 1, 1],
  clients: [
    { id: 'poor', samples: 1, budget: 1, scores: [1, 2, 3, 4, 5] },
    { id: 'rich', samples: 1, budget: 3, scores: [9, 2, 3, 4, 1] },
    { id: 'broke', samples: 1, budget: 0, scores: null },
  ],
  round: 1,
  seed: 3,
};

function run(config: StrategyInput, at: SelectionInput, history: SelectionHistory | null = null): Selection {
  const strategy = createStrategy(config);
  return strategy.needs === 'history' ? strategy.select(at, history) : strategy.select(at);
}

const budgeted: readonly StrategyInput[] = [
  { name: 'head-only' },
  { name: 'top' },
  { name: 'bottom' },
  { name: 'both' },
  { name: 'random' },
  { name: 'fedolf' },
  { name: 'round-robin' },
  { name: 'lisa' },
  { name: 'triangle' },
  { name: 'strata', lambdaScale: 'auto' },
  { name: 'gradient-norm' },
  { name: 'rgn' },
  { name: 'snr' },
  { name: 'strata', lambda: 0.2 },
  { name: 'diversity', reward: 0.2 },
  { name: 'adagrad-select' },
];

describe('every strategy', () => {
  const clients = fc.uniqueArray(
    fc.record({
      id: fc.stringMatching(/^[a-z]{1,8}$/),
      samples: fc.nat(100),
      budget: fc.double({ min: 0, max: 12, noNaN: true }),
      scores: fc.option(fc.array(fc.double({ min: 0, max: 9, noNaN: true }), { minLength: 5, maxLength: 5 })),
    }),
    { selector: (c) => c.id, maxLength: 6 },
  );
  const costs = fc.array(fc.double({ min: 0.1, max: 5, noNaN: true }), { minLength: 5, maxLength: 5 });
  const passing = fc.option(
    fc.array(fc.double({ min: 0, max: 3, noNaN: true }), { minLength: 5, maxLength: 5 }),
    { nil: undefined },
  );

  it.each(budgeted)(
    '$name: a mask for everybody, in forward order, within the budget, twice the same',
    (config) => {
      fc.assert(
        fc.property(
          clients,
          costs,
          passing,
          fc.integer({ min: 1, max: 30 }),
          fc.nat(),
          (cs, own, way, round, seed) => {
            const reach = way?.map((_, s) => way.slice(s).reduce((a, b) => a + b, 0));
            const at = { layers, costs: own, reach, clients: cs, round, seed };
            const { masks } = run(config, at);
            expect(Object.keys(masks).sort()).toEqual(cs.map((c) => c.id).sort());
            for (const client of cs) {
              const indices = masks[client.id]!.map((name) => layers.indexOf(name));
              expect(indices).toEqual([...new Set(indices)].sort((a, b) => a - b));
              expect(maskCost(at, indices)).toBeLessThanOrEqual(client.budget + 1e-9);
            }
            expect(run(config, { ...at, clients: cs.toReversed() }).masks).toEqual(masks);
          },
        ),
        { numRuns: 40 },
      );
    },
  );
});

describe('strategies by position', () => {
  it.each([
    ['top', ['l4'], ['l2', 'l3', 'l4']],
    ['bottom', ['l0'], ['l0', 'l1', 'l2']],
    ['both', ['l4'], ['l0', 'l3', 'l4']],
    ['fedolf', ['l4'], ['l2', 'l3', 'l4']],
  ] as const)('%s', (name, poor, rich) => {
    expect(run({ name }, input).masks).toEqual({ poor, rich, broke: [] });
  });

  it('take more layers at the top than at the bottom where the way down costs', () => {
    const at = {
      ...input,
      reach: [5, 4, 3, 2, 1],
      clients: [{ id: 'x', samples: 1, budget: 7, scores: null }],
    };
    const mask = (name: 'top' | 'bottom' | 'both' | 'fedolf') => run({ name }, at).masks.x;
    expect(mask('top')).toEqual(['l2', 'l3', 'l4']); // 3 + 3; l1 would come to 8
    expect(mask('fedolf')).toEqual(['l2', 'l3', 'l4']);
    expect(mask('bottom')).toEqual(['l0', 'l1']); // 5 + 2
    expect(mask('both')).toEqual(['l0', 'l4']);
  });

  it('both takes one from each end for a budget of two', () => {
    const two = { ...input, clients: [{ id: 'x', samples: 1, budget: 2, scores: null }] };
    expect(run({ name: 'both' }, two).masks.x).toEqual(['l0', 'l4']);
  });

  it('top passes over a layer that is too dear, fedolf stops there', () => {
    const at = {
      ...input,
      costs: [1, 1, 1, 9, 1],
      clients: [{ id: 'x', samples: 1, budget: 3, scores: null }],
    };
    expect(run({ name: 'top' }, at).masks.x).toEqual(['l1', 'l2', 'l4']);
    expect(run({ name: 'fedolf' }, at).masks.x).toEqual(['l4']);
  });
});

describe('strategies over rounds', () => {
  it('round-robin goes through the layers and starts again', () => {
    const first = (round: number, roundsPerLayer: number) =>
      run({ name: 'round-robin', roundsPerLayer }, { ...input, round }).masks.poor?.[0];
    expect([1, 2, 3, 4, 5, 6].map((round) => first(round, 1))).toEqual(['l0', 'l1', 'l2', 'l3', 'l4', 'l0']);
    expect([1, 2, 3, 4].map((round) => first(round, 2))).toEqual(['l0', 'l0', 'l1', 'l1']);
  });

  it('lisa draws for everybody, nested, and keeps a draw for its period', () => {
    const masks = (round: number) => run({ name: 'lisa', period: 3 }, { ...input, round }).masks;
    expect(masks(1)).toEqual(masks(3));
    expect(masks(1).rich).toEqual(expect.arrayContaining([...masks(1).poor!]));
    const draws = new Set(Array.from({ length: 10 }, (_, k) => JSON.stringify(masks(1 + 3 * k))));
    expect(draws.size).toBeGreaterThan(3);
  });

  it('random reaches every layer equally often, independently for each participant', () => {
    const hits = new Map(layers.map((l) => [l, 0]));
    let same = 0;
    const at = { ...input, clients: input.clients.map((c) => ({ ...c, budget: 1 })) };
    for (let round = 1; round <= 1000; round++) {
      const { masks } = run({ name: 'random' }, { ...at, round });
      hits.set(masks.poor![0]!, hits.get(masks.poor![0]!)! + 1);
      if (masks.poor![0] === masks.rich![0]) same++;
    }
    // binomial(1000, 1/5): standard deviation 12.6
    for (const n of [...hits.values(), same]) expect(Math.abs(n - 200)).toBeLessThan(60);
  });
});

describe('triangle', () => {
  it.each([
    ['output', [1, 2, 3, 4, 5]],
    ['input', [5, 4, 3, 2, 1]],
    ['ends', [3, 2, 1, 2, 3]],
  ] as const)('draws towards the %s by %j', (shape, weights) => {
    const at = { ...input, clients: [{ id: 'x', samples: 1, budget: 1, scores: null }] };
    const hits = layers.map(() => 0);
    const draws = 3000;
    for (let round = 1; round <= draws; round++) {
      const [drawn = ''] = run({ name: 'triangle', shape }, { ...at, round }).masks.x!;
      hits[layers.indexOf(drawn)]!++;
    }
    const total = weights.reduce<number>((a, b) => a + b, 0);
    // binomial(3000, 1/3): standard deviation 26
    weights.forEach((weight, l) => {
      expect(Math.abs(hits[l]! - (draws * weight) / total)).toBeLessThan(110);
    });
  });

  it('is drawn by each participant for itself', () => {
    const masks = Array.from(
      { length: 30 },
      (_, k) => run({ name: 'triangle' }, { ...input, round: k + 1 }).masks,
    );
    expect(masks.some(({ poor, rich }) => !rich!.includes(poor![0]!))).toBe(true);
  });
});

describe('diversity', () => {
  it('with no reward gives everybody its own best, with a large one spreads the participants evenly', () => {
    const at = {
      ...input,
      clients: ['a', 'b', 'c', 'd', 'e'].map((id, i) => ({
        id,
        samples: 1,
        budget: 2,
        scores: [10, 5 + 0.1 * i, 1, 1, 1],
      })),
    };
    expect(new Set(Object.values(run({ name: 'diversity', reward: 0 }, at).masks).map(String)).size).toBe(1);
    const { masks, objective, bound } = run({ name: 'diversity', reward: 10 }, at);
    const held = layers.map((l) => Object.values(masks).filter((m) => m.includes(l)).length);
    expect(held).toEqual([2, 2, 2, 2, 2]);
    expect(bound! - objective!).toBeLessThan(0.01 * objective!);
  });
});

describe('adagrad-select', () => {
  it('explores by mean gradient norm at first and needs scores only then', () => {
    const strategy = createStrategy({ name: 'adagrad-select', epsilon: 1, decay: 0.5 });
    expect(strategy.wantsScores(1, 3)).toBe(true);
    // means of the two that brought scores: [5, 2, 3, 4, 3]
    expect(strategy.select(input, null).masks).toEqual({
      poor: ['l0'],
      rich: ['l0', 'l2', 'l3'],
      broke: [],
    });
    const probed = Array.from({ length: 200 }, (_, seed) => strategy.wantsScores(9, seed)).filter(Boolean);
    expect(probed.length).toBeLessThan(15); // exp(-4) is 1.8 %
  });

  it('exploits what was trained most, and counts shares of the cohort', () => {
    const strategy = createStrategy({ name: 'adagrad-select', epsilon: 0 });
    const history = { trained: { l0: 0, l1: 0, l2: 500, l3: 0, l4: 0 } };
    const taken = Array.from({ length: 100 }, (_, seed) => strategy.select({ ...input, seed }, history));
    expect(taken.filter((s) => s.masks.poor?.[0] === 'l2').length).toBeGreaterThan(90);
    const one = taken.find((s) => s.masks.poor?.[0] === 'l2')!;
    expect(one.history.trained.l2).toBeCloseTo(500 + 2 / 3, 12);
    const added = Object.values(one.history.trained).reduce((a, b) => a + b, 0) - 500;
    expect(added).toBeCloseTo(4 / 3, 9); // four layers trained by a third of the cohort each
  });

  it('draws by the Dirichlet mean: the chance of a layer is its share of the counts', () => {
    const strategy = createStrategy({ name: 'adagrad-select', epsilon: 0, prior: 1 });
    const history = { trained: { l0: 4, l1: 0, l2: 0, l3: 0, l4: 1 } }; // with the prior: 5 1 1 1 2 of 10
    const hits = Array.from({ length: 2000 }, (_, seed) => strategy.select({ ...input, seed }, history));
    const share = (layer: string) => hits.filter((s) => s.masks.poor?.[0] === layer).length / 2000;
    expect(share('l0')).toBeCloseTo(0.5, 1);
    expect(share('l4')).toBeCloseTo(0.2, 1);
    expect(share('l1')).toBeCloseTo(0.1, 1);
  });
});

describe('an input that cannot be', () => {
  it.each([[[1, 2, 1, 1, 1]], [[1, 1, 1, 1]], [[-1, -1, -1, -1, -1]], [[Number.NaN, 1, 1, 1, 1]]])(
    'is refused: a way down of %j',
    (reach) => {
      expect(() => run({ name: 'top' }, { ...input, reach })).toThrow(StrataError);
    },
  );
});

describe('options out of range', () => {
  it.each<StrategyInput>([
    { name: 'round-robin', roundsPerLayer: 0 },
    { name: 'lisa', period: 1.5 },
    { name: 'strata', lambda: Number.NaN },
    { name: 'diversity', reward: -1 },
    { name: 'adagrad-select', epsilon: 2 },
  ])('%o is refused', (config) => {
    expect(() => createStrategy(config)).toThrow(StrataError);
  });
});
