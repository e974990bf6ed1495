import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adaptedClip } from './clip.ts';

/** Twenty clients whose updates are 0.5, 0.55 ... 1.45 long, for 60 rounds. */
const lengths = Array.from({ length: 20 }, (_, i) => 0.5 + 0.05 * i);
const shareWithin = (clip: number) => lengths.filter((l) => l <= clip).length / lengths.length;

function after60(clip: number): number {
  let now = clip;
  for (let round = 0; round < 60; round++) now = adaptedClip(now, shareWithin(now), 0.5);
  return now;
}

describe('adaptedClip', () => {
  it('comes to the median from below and from above (Andrew et al.; the wrong sign runs away)', () => {
    // by the paper's rule 0.96 and 0.99; counting those that were clipped it ends at 0.00025 and 4034
    expect(after60(0.1)).toBeCloseTo(0.96, 1);
    expect(after60(10)).toBeCloseTo(0.99, 1);
  });

  it('falls where more than wanted are shorter, rises where fewer are, by a bounded factor whatever the noise', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
        fc.double({ min: -1e9, max: 1e9, noNaN: true }),
        fc.double({ min: 0.1, max: 0.9, noNaN: true }),
        (clip, share, quantile) => {
          const next = adaptedClip(clip, share, quantile);
          if (share > quantile) expect(next).toBeLessThanOrEqual(clip);
          if (share < quantile) expect(next).toBeGreaterThanOrEqual(clip);
          expect(Math.abs(Math.log(next / clip))).toBeLessThanOrEqual(0.2);
        },
      ),
    );
  });
});
