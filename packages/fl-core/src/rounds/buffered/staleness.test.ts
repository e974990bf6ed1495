import { describe, expect, it } from 'vitest';
import { freshness, freshSamples, meanTau, stalenessWeight, tausSince } from './staleness.ts';

/** Models by the names of their blobs: the head is changed by 1, 2 and 3, layer a by 1 and 3, layer b never. */
const models = [
  { round: 0, head: 'h0', a: 'a0' },
  { round: 1, head: 'h1', a: 'a1' },
  { round: 2, head: 'h2', a: 'a1' },
  { round: 4, head: 'h3', a: 'a2' },
].map(({ round, head, a }) => ({
  round,
  layers: { head: { sha256: head }, a: { sha256: a }, b: { sha256: 'b' } },
}));

describe('staleness', () => {
  it('counts the changes of a layer since a copy, not the models', () => {
    const since = (base: number) => tausSince(models, base);
    expect([0, 1, 2, 4].map(since)).toEqual([{ head: 3, a: 2 }, { head: 2, a: 1 }, { head: 1, a: 1 }, {}]);
    expect([0, 3, 8].map(stalenessWeight)).toEqual([1, 0.5, 1 / 3]);
  });

  it('a stale update weighs less in what was changed since, and shortens the step of that alone', () => {
    const stale = { samples: 30, layers: ['head', 'b'], taus: { head: 3 } };
    const fresh = { samples: 10, layers: ['head', 'a'], taus: {} };
    expect(['head', 'b'].map((layer) => freshSamples(stale, layer))).toEqual([15, 30]);
    expect(['head', 'a', 'b'].map((layer) => freshness([stale, fresh], layer))).toEqual([25 / 40, 1, 1]);
    // In a buffer of one, too: weights that add up to 1 would move the model as far as a fresh one does.
    expect(freshness([stale], 'head')).toBe(0.5);
    expect([stale, fresh].map(meanTau)).toEqual([1.5, 0]);
  });
});
