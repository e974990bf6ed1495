import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RetentionConfig } from '../protocol/index.ts';
import { keptRounds } from './retention.ts';

const models = (losses: readonly (number | null)[]) => [
  { round: 0, loss: null },
  ...losses.map((loss, i) => ({ round: i + 1, loss })),
];
const kept = (
  losses: readonly (number | null)[],
  retention: Pick<RetentionConfig, 'last' | 'best' | 'every'>,
) =>
  [...keptRounds({ retention: { ...retention, participants: null, run: null } }, models(losses))].sort(
    (a, b) => a - b,
  );

it.each([
  ['the newest', [5, 4, 3, 2, 1], { last: 3, best: 0, every: null }, [0, 3, 4, 5]],
  [
    'and the best, of equals the earlier',
    [1, 9, 1, 9, 9, 9, 9],
    { last: 3, best: 1, every: null },
    [0, 1, 5, 6, 7],
  ],
  ['and every second', [9, 9, 9, 9, 9, 9, 9], { last: 3, best: 0, every: 2 }, [0, 2, 4, 5, 6, 7]],
  [
    'none for the best that nobody evaluated',
    [null, null, null, null],
    { last: 3, best: 2, every: null },
    [0, 2, 3, 4],
  ],
  ['all there are, of few', [1], { last: 3, best: 3, every: 5 }, [0, 1]],
])('kept are the first, %s', (_, losses, retention, rounds) => {
  expect(kept(losses, retention)).toEqual(rounds);
});

it('a model that is not kept any more never comes back: what is deleted is not missed later', () => {
  const losses = fc.array(fc.option(fc.integer({ min: 1, max: 50 })), { maxLength: 60 });
  const retention = fc.record({
    last: fc.integer({ min: 3, max: 9 }),
    best: fc.integer({ min: 0, max: 4 }),
    every: fc.option(fc.integer({ min: 1, max: 12 })),
  });
  fc.assert(
    fc.property(losses, retention, (all, how) => {
      const gone = new Set<number>();
      for (let n = 0; n <= all.length; n++) {
        const now = new Set(kept(all.slice(0, n), how));
        for (let round = 0; round <= n; round++) {
          if (!now.has(round)) gone.add(round);
          else expect(gone.has(round)).toBe(false);
        }
      }
    }),
  );
});
