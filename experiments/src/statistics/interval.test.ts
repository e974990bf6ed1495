import { describe, expect, it } from 'vitest';
import { intervalOf, pairedInterval } from './interval.ts';

describe('intervals', () => {
  it('are those of a worked example', () => {
    const { mean, margin } = intervalOf([0.8, 0.83, 0.81])!;
    expect(mean).toBeCloseTo(0.81333333, 8);
    // t(0.975, 2) = 4.30265273, s = 0.01527525
    expect(margin).toBeCloseTo(0.03794583, 7);
  });

  it('of differences look at pairs alone', () => {
    const a = new Map([
      ['1', 0.5],
      ['2', 0.7],
      ['3', 0.9],
    ]);
    const b = new Map([
      ['1', 0.4],
      ['2', 0.6],
    ]);
    const difference = pairedInterval(a, b)!;
    expect(difference.mean).toBeCloseTo(0.1, 12);
    expect(difference.margin).toBeCloseTo(0, 12);
    expect(difference.count).toBe(2);
    expect(pairedInterval(a, new Map())).toBeNull();
  });
});
