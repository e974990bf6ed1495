import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs, sleep, unlessAborted } from './retry.ts';

describe('backoffMs', () => {
  it('doubles from half a second and stops at 15 s', () => {
    const longest = (n: number) => backoffMs(n, () => 1);
    expect([0, 1, 2, 3, 4].map(longest)).toEqual([500, 1000, 2000, 4000, 8000]);
    expect(longest(500)).toBe(15_000);
  });

  it('spreads clients over half of the delay', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.double({ min: 0, max: 1, noNaN: true }), (n, chance) => {
        const full = backoffMs(n, () => 1);
        const ms = backoffMs(n, () => chance);
        expect(ms).toBeGreaterThanOrEqual(full / 2);
        expect(ms).toBeLessThanOrEqual(full);
      }),
    );
  });
});

describe('waiting', () => {
  it('ends with the reason of the signal', async () => {
    const stop = new AbortController();
    const never = new Promise<void>(() => {});
    const outcomes = Promise.allSettled([sleep(60_000, stop.signal), unlessAborted(never, stop.signal)]);
    stop.abort(new Error('enough'));
    expect((await outcomes).map((o) => (o.status === 'rejected' ? o.reason.message : o.status))).toEqual([
      'enough',
      'enough',
    ]);
  });

  it('gives the value when it comes first', async () => {
    expect(await unlessAborted(Promise.resolve(7), new AbortController().signal)).toBe(7);
  });
});
