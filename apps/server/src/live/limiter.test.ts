import { describe, expect, it } from 'vitest';
import { Buckets } from './limiter.ts';

describe('buckets by key', () => {
  it('give a burst, then so many a second, to each key its own', () => {
    const buckets = new Buckets({ burst: 3, perSecond: 2 });
    const taken = (key: string, now: number) =>
      Array.from({ length: 10 }, () => buckets.take(key, now)).filter(Boolean).length;
    expect(buckets.has('a', 0)).toBe(true);
    expect(taken('a', 0)).toBe(3);
    expect(buckets.has('a', 0)).toBe(false);
    expect(taken('a', 1000)).toBe(2);
    expect(taken('b', 1000)).toBe(3);
    expect(taken('a', 60_000)).toBe(3);
    buckets.give('a', 1);
    expect(taken('a', 60_000)).toBe(1);
    buckets.give('a', Number.POSITIVE_INFINITY);
    expect(taken('a', 60_000)).toBe(3);
  });

  it('remember who came last, and no more than fit', () => {
    const buckets = new Buckets({ burst: 1, perSecond: 0 });
    expect(buckets.take('first', 0)).toBe(true);
    for (let i = 0; i < 19_999; i++) buckets.take(`k${i}`, 0);
    expect(buckets.take('first', 0)).toBe(false);
    for (let i = 0; i < 20_000; i++) buckets.take(`m${i}`, 0);
    expect(buckets.take('first', 0)).toBe(true);
  });
});
