import { describe, expect, it } from 'vitest';
import { StrataError } from '../error.ts';
import { createStrategy } from './create.ts';
import type { SelectionInput } from './strategy.ts';

const input: SelectionInput = {
  layers: ['a', 'b', 'c'],
  costs: [1, 1, 1],
  clients: [
    { id: 'one', samples: 10, budget: 1, scores: [5, 1, 3] },
    { id: 'two', samples: 30, budget: 2, scores: [1, 6, 2] },
    { id: 'new', samples: 5, budget: 1, scores: null },
  ],
  round: 1,
  seed: 7,
};

describe('createStrategy', () => {
  it('full trains everything whatever the budget, head-only nothing', () => {
    const all = ['a', 'b', 'c'];
    expect(createStrategy({ name: 'full' }).select(input).masks).toEqual({ one: all, two: all, new: all });
    expect(createStrategy({ name: 'head-only' }).select(input).masks).toEqual({ one: [], two: [], new: [] });
  });

  it('gradient-norm gives each client its own best; one without scores takes the weighted mean', () => {
    // mean: (10 * [5, 1, 3] + 30 * [1, 6, 2]) / 40 = [2, 4.75, 2.25]
    expect(createStrategy({ name: 'gradient-norm' }).select(input).masks).toEqual({
      one: ['a'],
      two: ['b', 'c'],
      new: ['b'],
    });
  });

  it('strata with lambda 0 is gradient-norm', () => {
    const masks = createStrategy({ name: 'gradient-norm' }).select(input).masks;
    const selection = createStrategy({ name: 'strata', lambda: 0 }).select(input);
    expect(selection.masks).toEqual(masks);
    expect(selection).toMatchObject({ objective: 5 + 8 + 4.75, proved: true });
  });

  it('strata with a large lambda gives one nested family', () => {
    // totals [8, 11.75, 7.25]: everybody takes b, and the client with room left over the next common layer for it
    expect(createStrategy({ name: 'strata', lambda: 100 }).select(input).masks).toEqual({
      one: ['b'],
      two: ['b', 'c'],
      new: ['b'],
    });
  });

  it('strata does not depend on the scale of the scores, unless lambda is absolute', () => {
    const tiny = {
      ...input,
      clients: input.clients.map((c) => ({ ...c, scores: c.scores?.map((s) => s * 1e-9) ?? null })),
    };
    const relative = createStrategy({ name: 'strata', lambda: 0.3 });
    expect(relative.select(tiny).masks).toEqual(relative.select(input).masks);
    const absolute = createStrategy({ name: 'strata', lambda: 10, lambdaScale: 'absolute' });
    expect(absolute.select(tiny).masks.one).toEqual(['b']);
    expect(absolute.select(input).masks.one).toEqual(['b']);
    const cheap = createStrategy({ name: 'strata', lambda: 1e-3, lambdaScale: 'absolute' });
    expect(cheap.select(tiny).masks.one).toEqual(['b']);
    expect(cheap.select(input).masks.one).toEqual(['a']);
  });

  it('strata says the lambda it took, in units of the mean score', () => {
    const mean = 3;
    const of = (config: Parameters<typeof createStrategy>[0]) => {
      const strategy = createStrategy(config);
      return strategy.needs === 'history' ? undefined : strategy.select(input).lambda;
    };
    expect(of({ name: 'strata', lambda: 0.3 })).toBeCloseTo(0.3, 12);
    expect(of({ name: 'strata', lambda: 6, lambdaScale: 'absolute' })).toBeCloseTo(6 / mean, 12);
    expect(of({ name: 'strata', lambdaScale: 'auto' })).toBeGreaterThanOrEqual(0);
    expect(of({ name: 'gradient-norm' })).toBeUndefined();
  });

  it('strata with a lambda of its own choice depends on no scale, and on no lambda that is set', () => {
    const auto = createStrategy({ name: 'strata', lambda: 0, lambdaScale: 'auto' });
    const scaled = {
      ...input,
      clients: input.clients.map((c) => ({ ...c, scores: c.scores?.map((s) => s * 1e6) ?? null })),
    };
    expect(auto.select(scaled).masks).toEqual(auto.select(input).masks);
    const other = createStrategy({ name: 'strata', lambda: 7, lambdaScale: 'auto' });
    expect(other.select(input)).toEqual(auto.select(input));
  });

  it('does not depend on the order of the clients', () => {
    const turned = { ...input, clients: input.clients.toReversed() };
    for (const config of [{ name: 'gradient-norm' }, { name: 'strata', lambda: 0.4 }] as const) {
      expect(createStrategy(config).select(turned)).toEqual(createStrategy(config).select(input));
    }
  });

  it('treats all layers alike when nobody brought scores', () => {
    const blind = { ...input, clients: input.clients.map((c) => ({ ...c, scores: null })) };
    expect(createStrategy({ name: 'strata', lambda: 1 }).select(blind).masks).toEqual({
      one: ['a'],
      two: ['a', 'b'],
      new: ['a'],
    });
  });

  it.each([
    [
      'a score is not finite',
      { ...input, clients: [{ id: 'x', samples: 1, budget: 1, scores: [1, Number.NaN, 1] }] },
    ],
    ['scores are missing', { ...input, clients: [{ id: 'x', samples: 1, budget: 1, scores: [1] }] }],
    ['a cost is zero', { ...input, costs: [1, 0, 1] }],
    ['a client comes twice', { ...input, clients: [input.clients[0]!, input.clients[0]!] }],
    ['a layer comes twice', { ...input, layers: ['a', 'a', 'b'] }],
    ['a budget is negative', { ...input, clients: [{ id: 'x', samples: 1, budget: -1, scores: null }] }],
  ])('refuses an input where %s', (_, bad) => {
    expect(() => createStrategy({ name: 'gradient-norm' }).select(bad)).toThrow(StrataError);
  });

  it('refuses a negative lambda', () => {
    expect(() => createStrategy({ name: 'strata', lambda: -1 })).toThrow(StrataError);
  });
});
