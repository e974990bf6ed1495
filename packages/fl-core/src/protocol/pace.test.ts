import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random as seeded } from '../random.ts';
import { comeBackMs, spreadMs } from './pace.ts';

const usual = { least: 500, most: 5_000 };

/** When each of many clients is back, in milliseconds since their server is there again. */
function returns(clients: number, spread: number, awayMs: number, seed: number): number[] {
  const random = seeded(seed);
  return Array.from({ length: clients }, () => {
    let at = 0;
    for (let tries = 0; ; tries++) {
      at += comeBackMs({ ...usual, spread }, tries, random.uniform());
      if (at >= awayMs) return at - awayMs;
    }
  }).sort((a, b) => a - b);
}

/** Most of them within any `ms`. */
function peak(times: readonly number[], ms: number): number {
  let [most, first] = [0, 0];
  for (const [last, time] of times.entries()) {
    while (time - (times[first] ?? 0) >= ms) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

describe('1,000 clients', () => {
  const spread = spreadMs(1000, 15_000);

  it('that lose their server come back at no more than twice the even rate in any second, however long it was away', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60_000 }), fc.nat(1e6), (awayMs, seed) => {
        const times = returns(1000, spread, awayMs, seed);
        const even = 1000 / (spread / 1000);
        expect(peak(times, 1000)).toBeLessThanOrEqual(2 * even);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it('are all back before the grace is over', () => {
    for (const awayMs of [0, 100, 3_000, 20_000]) {
      expect(returns(1000, spread, awayMs, 7).at(-1)).toBeLessThan(15_000);
    }
  });

  it('would nearly all come within one second of a short absence by the usual pauses', () => {
    expect(peak(returns(1000, 0, 0, 7), 1000)).toBeGreaterThan(900);
  });
});

it('few clients wait no longer than ever, and many no longer than the grace lets them', () => {
  expect(spreadMs(3, 15_000)).toBe(30);
  expect(comeBackMs({ ...usual, spread: 30 }, 0, 0.5)).toBe(500);
  expect(comeBackMs({ ...usual, spread: 30 }, 9, 0.5)).toBe(5_000);
  expect(1.25 * spreadMs(100_000, 15_000)).toBeLessThan(15_000);
});
