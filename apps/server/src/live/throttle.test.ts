import { StrataError } from '@strata/fl-core/protocol';
import { afterEach, describe, expect, it, vi } from 'vitest';
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
    await vi.waitFor(() => expect(seen.at(-1)).toBe(49), 5000);
    expect(seen.length).toBeLessThan(10);
  });

  it('leaves four fifths of the time to others when the work takes long', async () => {
    let runs = 0;
    throttle = new Throttle(
      1,
      async () => {
        runs++;
        await pause(40);
      },
      () => {},
    );
    for (let i = 0; i < 60; i++) {
      throttle.touch('run');
      await pause(10);
    }
    // 600 ms and more: every 200, where every 41 would be possible
    expect(runs).toBeGreaterThanOrEqual(2);
    expect(runs).toBeLessThanOrEqual(5);
  });

  it('does again by itself what failed, and says so once', async () => {
    const errors: unknown[] = [];
    let runs = 0;
    throttle = new Throttle(
      1,
      async () => {
        runs++;
        if (runs < 3) throw new Error('no');
      },
      (error) => errors.push(error),
    );
    throttle.touch('run');
    await pause(600); // 100 and 200 ms after the first
    expect([runs, errors.length]).toEqual([3, 1]);
  });

  it('leaves a refusal that lies in the data at that, and goes on with the next touch', async () => {
    const errors: unknown[] = [];
    throttle = new Throttle(
      1,
      async () => {
        throw new StrataError('unknown-run', 'There is no such run.', 'See the list.');
      },
      (error) => errors.push(error),
    );
    throttle.touch('run');
    await pause(200);
    throttle.touch('run');
    await pause(30);
    expect(errors).toHaveLength(2);
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
