import { describe, expect, it } from 'vitest';
import { diagnostics } from './diagnostics.ts';

describe('diagnostics', () => {
  it('equals a case worked by hand', () => {
    // alpha = [1/4, 3/4]; s = [1/4 * 8 + 3/4 * 4, 1/4 * 4 + 3/4 * 0, 1/4 * 0 + 3/4 * 2] = [5, 1, 1.5]
    const result = diagnostics({
      layers: ['a', 'b', 'c'],
      clients: [
        { id: 'one', samples: 1, scores: [8, 4, 0], mask: ['a'] },
        { id: 'two', samples: 3, scores: [4, 0, 2], mask: ['a', 'b'] },
      ],
    });
    // nobody trains c
    expect(result.e1).toBeCloseTo(1.5, 12);
    // a: w = alpha, chi2 = 0. b: w = [0, 1], chi2 = (1/4)^2 / (1/4) + (1/4)^2 / (3/4) = 1/4 + 1/12 = 1/3
    expect(result.e2).toBeCloseTo(1 / 3, 12);
    // pairs that share: a 1, b 0; pairs with either: a 1, b 1
    expect(result.agreement).toBe(1 / 2);
    // of 7.5: one has 8 / 4 = 2 in a, two has 3 in a and 0 in b
    expect(result.covered).toBeCloseTo(5 / 7.5, 12);
    // a: 1 / (1/16 + 9/16) = 1.6; b: one client alone
    expect(result.effectiveClients).toEqual({ a: 1.6, b: 1, c: 0 });
    expect(result.meanEffectiveClients).toBeCloseTo(1.3, 12);
  });

  it('full masks cost nothing and leave nothing', () => {
    const clients = [1, 2, 3].map((n) => ({ id: `${n}`, samples: n, scores: [n, 1], mask: ['a', 'b'] }));
    const result = diagnostics({ layers: ['a', 'b'], clients });
    expect(result).toMatchObject({ e1: 0, agreement: 1, covered: 1 });
    expect(result.e2).toBeCloseTo(0, 12);
  });

  it('empty masks leave all importance on the table and agree', () => {
    const clients = [
      { id: 'x', samples: 2, scores: [3, 1], mask: [] },
      { id: 'y', samples: 2, scores: [1, 1], mask: [] },
    ];
    expect(diagnostics({ layers: ['a', 'b'], clients })).toEqual({
      e1: 3,
      e2: 0,
      agreement: 1,
      covered: 0,
      effectiveClients: { a: 0, b: 0 },
      meanEffectiveClients: 0,
    });
  });

  it('has no error terms without scores, and weighs scores over those who brought some', () => {
    const clients = [
      { id: 'x', samples: 1, scores: null, mask: ['a'] },
      { id: 'y', samples: 9, scores: null, mask: [] },
    ];
    expect(diagnostics({ layers: ['a', 'b'], clients })).toMatchObject({ e1: null, e2: null, covered: null });
    const one = [clients[0]!, { id: 'y', samples: 9, scores: [2, 7], mask: [] }];
    // chi2 of a: w = [1, 0], alpha = [0.1, 0.9]: 0.81 / 0.1 + 0.81 / 0.9 = 9
    const result = diagnostics({ layers: ['a', 'b'], clients: one });
    expect(result.e1).toBe(7);
    expect(result.e2).toBeCloseTo(18, 12);
  });

  it('ignores clients without samples and copes with nobody', () => {
    const clients = [{ id: 'x', samples: 0, scores: [1], mask: ['a'] }];
    expect(diagnostics({ layers: ['a'], clients })).toMatchObject({ e1: null, effectiveClients: { a: 0 } });
    expect(diagnostics({ layers: ['a'], clients: [] })).toMatchObject({ e1: null, agreement: 1 });
  });
});
