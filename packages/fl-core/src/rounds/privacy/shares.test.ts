import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Length, type RandomWords } from '../../privacy/index.ts';
import { random } from '../../random.ts';
import { averaged, noisedShares, shareClip } from './shares.ts';

const seeded = (seed: number): RandomWords => {
  const { uniform } = random(seed, 'words');
  return { next: () => uniform() * 2 ** 32 };
};

describe('noisedShares', () => {
  it('change by no more than the clip, over who brought scores, when one client brings zeros', async () => {
    const score = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e12, noNaN: true }));
    const cohort = fc.integer({ min: 1, max: 12 }).chain((layers) =>
      fc.array(fc.option(fc.array(score, { minLength: layers, maxLength: layers })), {
        minLength: 1,
        maxLength: 6,
      }),
    );
    await fc.assert(
      fc.asyncProperty(cohort, fc.nat(), async (scores, pick) => {
        const one = pick % scores.length;
        const zeroed = scores.map((own, i) => (own && i === one ? own.map(() => 0) : own));
        // the same words: what differs is the client's
        const [theirs, without] = [
          await noisedShares(scores, 1, seeded(1)),
          await noisedShares(zeroed, 1, seeded(1)),
        ];
        expect(theirs === null).toBe(scores.every((own) => own === null));
        if (theirs === null) return;
        const change = new Length();
        change.add(theirs.map((v, l) => v - without![l]!));
        const brought = scores.filter((own) => own !== null).length;
        expect(brought * change.value).toBeLessThanOrEqual(shareClip * (1 + 1e-6));
      }),
      { numRuns: 300 },
    );
  });

  it('are the mean share of each layer but for noise', async () => {
    const scores = [[1, 1, 2], null, [30, 30, 0]];
    const shares = await noisedShares(scores, 1e-6, seeded(2));
    // the second client's shares are longer than the clip: 0.5 / sqrt(2) each instead of 0.5
    const clipped = [0.25, 0.25, 0.5].map((v) => (v * 0.5) / Math.hypot(0.25, 0.25, 0.5));
    const expected = [0, 1, 2].map((l) => (clipped[l]! + (l < 2 ? 0.5 / Math.SQRT2 : 0)) / 2);
    for (const [l, share] of shares!.entries()) expect(share).toBeCloseTo(expected[l]!, 5);
    expect(await noisedShares([null], 1, seeded(3))).toBeNull();
  });
});

it('turns are averaged, what is below nothing counts as nothing, and of nothing there is no order', () => {
  expect(
    averaged([
      [0.5, -1, 0.2],
      [0.1, 0.5, 0.4],
    ])?.map((v) => Number(v.toFixed(9))),
  ).toEqual([0.3, 0, 0.3]);
  expect(averaged([[-1, -2]])).toBeNull();
  expect(averaged([])).toBeNull();
});
