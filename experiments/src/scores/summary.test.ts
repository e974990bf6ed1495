import { describe, expect, it } from 'vitest';
import { type Measured, predictions, predictionsOf, sumOfFirst } from './summary.ts';

const decrease = [0.1, 0.4, 0.2, 0.3];
const seen = (unit: string, values: readonly number[]): Measured => ({
  unit,
  scores: { score: values },
  decrease,
});

describe('predictions', () => {
  it('of a score that is right: 1, and nothing lost', () => {
    const [told] = predictions([seen('a', [1, 4, 2, 3]), seen('b', [10, 40, 20, 30])], 2);
    expect(told).toMatchObject({ spearman: { mean: 1, margin: 0, count: 2 }, regret: { mean: 0 }, kept: 1 });
  });

  it('by hand, of one right and one turned round', () => {
    const [told] = predictions([seen('a', [1, 4, 2, 3]), seen('b', [4, 1, 3, 2])], 2);
    expect(told?.spearman.mean).toBeCloseTo(0, 12);
    expect(told?.kendall.mean).toBeCloseTo(0, 12);
    // The second chooses 0.1 and 0.2 where 0.4 and 0.3 are.
    expect(told?.regret.mean).toBeCloseTo(0.4 / 2, 12);
    expect(told?.kept).toBeCloseTo((0.7 + 0.3) / 1.4, 12);
  });

  it('measurements of one unit count as one', () => {
    const [told] = predictions([seen('a', [1, 4, 2, 3]), seen('a', [4, 1, 3, 2])], 2);
    expect(told?.spearman).toEqual({ mean: expect.closeTo(0, 12), margin: null, count: 1 });
  });

  it('a score that is the same everywhere says nothing, and chooses as a draw does', () => {
    const [told] = predictions([seen('a', [7, 7, 7, 7])], 2);
    expect(told?.spearman.mean).toBe(0);
    expect(told?.kept).toBeCloseTo(0.5 / 0.7, 12);
  });

  it('a draw between equals counts as what is to be expected of it', () => {
    expect(sumOfFirst([5, 1, 1, 0], decrease, 2)).toBeCloseTo(0.1 + (0.4 + 0.2) / 2, 12);
    expect(sumOfFirst([5, 1], [1, 2], 3)).toBe(3);
  });
});

it('where even the best layers do harm, nothing is kept, and the regret still tells', () => {
  const harm = { unit: 'a', scores: { score: [1, 2] }, decrease: [-1, -3] };
  expect(predictions([harm], 1)[0]).toMatchObject({ kept: null, regret: { mean: 2 } });
});

it('the last row is the decrease itself, with the part that its largest layer has', () => {
  const told = predictions([seen('a', [1, 1, 8, 0])], 2);
  expect(told.map(({ score, largest }) => [score, largest])).toEqual([
    ['score', 0.8],
    ['the decrease itself', 0.4],
  ]);
  expect(told[1]).toMatchObject({ spearman: { mean: expect.closeTo(1, 12) }, regret: { mean: 0 }, kept: 1 });
});

it('mean scores are shares, so that a client with large numbers has no larger say', () => {
  const client = (row: readonly number[]) => ({
    samples: 10,
    scores: { s: row },
    own: [1, 2],
    pooled: [1, 2],
    again: null,
  });
  const one = {
    seed: 1,
    round: 0,
    clients: [client([0, 1]), client([900, 100])],
    joint: {},
    common: [0, 1],
    commonAgain: null,
  };
  const tables = predictionsOf([one]);
  // Shares 0 and 1, 0.9 and 0.1: the mean puts the second layer first, the sum would put the first.
  expect(tables['common, all rounds']![0]!.spearman.mean).toBeCloseTo(1, 12);
  expect(tables['own, all rounds']![0]!.spearman.mean).toBeCloseTo((1 - 1) / 2, 12);
  expect(Object.keys(tables)).toHaveLength(4);
});
