import { describe, expect, it } from 'vitest';
import type { LayerInfo } from '../client/index.ts';
import { dataEstimate, dataText, secondsLeft, timeText } from './estimates.ts';

const layers: LayerInfo[] = [
  { name: 'embed', role: 'embed', parameters: 1_000_000 },
  { name: 'blocks.0', role: 'block', parameters: 200_000 },
  { name: 'blocks.1', role: 'block', parameters: 300_000 },
  { name: 'blocks.2', role: 'block', parameters: 250_000 },
  { name: 'head', role: 'head', parameters: 1_000 },
];
const fixed = { kind: 'fixed', unit: 'layers', amount: 2 } as const;

describe('data', () => {
  it('is the whole model once, then what is trained and what all may change', () => {
    const estimate = dataEstimate({ strategy: 'strata', budget: fixed }, 'suggested', layers);
    expect(estimate).toEqual({ first: 7_004_000, up: 2_204_000, down: 3_004_000 });
    expect(dataText(estimate!)).toBe(
      '7.00 MB to begin with, then in each round up to 3.00 MB down and 2.20 MB up.',
    );
  });

  it('follows the share that a person gives', () => {
    const budget = { kind: 'participant', unit: 'layers', fallback: 2 } as const;
    const up = (share: 'less' | 'more') => dataEstimate({ strategy: 'strata', budget }, share, layers)?.up;
    expect([up('less'), up('more')]).toEqual([1_204_000, 3_004_000]);
  });

  it('is bounded by bytes, and by nothing where the run trains everything or counts time', () => {
    const up = (strategy: string, budget: Parameters<typeof dataEstimate>[0]['budget']) =>
      dataEstimate({ strategy, budget }, 'suggested', layers)?.up;
    expect(
      up('strata', { kind: 'drawn', unit: 'bytes', min: 1, max: 500_000, distribution: 'uniform' }),
    ).toBe(504_000);
    expect(up('full', fixed)).toBe(3_004_000);
    expect(up('strata', { kind: 'fixed', unit: 'milliseconds', amount: 5 })).toBe(3_004_000);
  });

  it('is not guessed before the model is known', () => {
    expect(dataEstimate({ strategy: 'strata', budget: fixed }, 'suggested', [])).toBeNull();
  });
});

describe('time', () => {
  it('is that of the rounds to come, at the pace so far', () => {
    const run = { rounds: 10, committed: 4, roundSeconds: 20 };
    expect(secondsLeft(run)).toBe(120);
    expect(timeText(run)).toBe('About 2 min: 6 more, of 20 s each so far.');
  });

  it('is not guessed before the first', () => {
    expect(timeText({ rounds: 5, committed: 0, roundSeconds: null })).toContain('shows with the first');
  });
});
