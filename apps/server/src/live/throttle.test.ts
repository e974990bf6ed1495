import { afterEach, describe, expect, it } from 'vitest';
import { TokenBucket } from './limiter.ts';
import { Throttle } from './throttle.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('Throttle', () => {
  let throttle: Throttle;
  afterEach(() => throttle.close());

  it('merges touches and always sees the last state', async () => {
    let state = 0;
    const seen: number[] = [];
    throttle = new Throttle(
      20,
      async () => {
        await pause(5);
        seen.push(state);
      },
      () => {},
    );
    for (let i = 0; i < 50; i++) {
      state = i;
      throttle.touch('run');
      if (i % 10 === 0) await pause(8);
    }
    await pause(80);
    expect(seen.at(-1)).toBe(49);
    expect(seen.length).toBeLessThan(10);
  });

  it('goes on after an error', async () => {
    const errors: unknown[] = [];
    let runs = 0;
    throttle = new Throttle(
      1,
      async () => {
        runs++;
        throw new Error('no');
      },
      (error) => errors.push(error),
    );
    throttle.touch('run');
    await pause(30);
    throttle.touch('run');
    await pause(30);
    expect([runs, errors.length]).toEqual([2, 2]);
  });
});

describe('TokenBucket', () => {
  it('allows a burst and then the rate', () => {
    const bucket = new TokenBucket({ burst: 3, perSecond: 2 }, 0);
    expect([0, 0, 0, 0].map((t) => bucket.take(t))).toEqual([true, true, true, false]);
    expect(bucket.take(499)).toBe(false);
    expect(bucket.take(1001)).toBe(true);
    expect([9000, 9000, 9000, 9000].map((t) => bucket.take(t))).toEqual([true, true, true, false]);
  });
});
