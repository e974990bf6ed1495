import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { repeatable } from '../testing/index.ts';
import { assumed, completeUpTo, findParameters, parametersFor } from './degree.ts';
import { Ring } from './ring.ts';

describe('degree and threshold', () => {
  // fcp/secagg/server/graph_parameter_finder_test.cc of google-parfait/federated-compute
  it.each([
    [100, 0.45, 0.45, false, 92, 46],
    [1000, 0.45, 0.45, false, 822, 417],
    [10, 0.33, 0.33, false, 8, 4],
    [1000, 0.33, 0.33, false, 286, 150],
    [100, 0.3, 0.3, true, 92, 62],
    [1000, 0.05, 0.33, false, 72, 24],
    [100, 0.05, 0.33, true, 72, 39],
    [1000, 0.05, 0.33, true, 398, 223],
    [1000, 0.33, 0.05, true, 132, 109],
    [1000, 0.05, 0.05, false, 30, 17],
    [1000, 0.05, 0.05, true, 52, 37],
    [100, 0.05, 0.05, true, 16, 11],
  ])(
    'are those of the published finder: %d members, %d hostile, %d lost',
    (members, hostile, lost, lyingServer, degree, threshold) => {
      expect(findParameters(members, { hostile, lost, lyingServer })).toEqual({ degree, threshold });
    },
  );

  it('are of everybody with everybody up to 64, and of the finder above', () => {
    expect(parametersFor(2)).toEqual({ degree: 1, threshold: 2 });
    expect(parametersFor(3)).toEqual({ degree: 2, threshold: 3 });
    expect(parametersFor(6)).toEqual({ degree: 5, threshold: 5 });
    expect(parametersFor(64)).toEqual({ degree: 63, threshold: 43 });
    expect(parametersFor(65)).toEqual({ degree: 20, threshold: 14 });
    expect(parametersFor(256).degree).toBeLessThan(80);
    expect(parametersFor(1000)).toEqual({ degree: 96, threshold: 67 });
  });

  it('leave a lying server short of one kind of share, whatever it says to whom', () => {
    for (const members of [3, 6, 16, 64]) {
      // Each holder gives one kind back; hostile ones both.
      const { threshold } = parametersFor(members);
      expect(2 * threshold).toBeGreaterThan(members + Math.floor((members - 1) / 3));
    }
    for (const members of [65, 100, 255, 256, 500, 1000, 2000]) {
      const { degree, threshold } = parametersFor(members);
      expect(2 * threshold).toBeGreaterThan(degree);
      expect(threshold).toBeLessThanOrEqual(degree);
      expect(degree).toBeLessThan(256); // shares in GF(256)
    }
  });

  it('are refused where nothing would hold', () => {
    expect(() => findParameters(5, { ...assumed, hostile: 0.5, lost: 0.5 })).toThrow('No graph of 5');
  });
});

describe('the ring', () => {
  const names = (count: number) => Array.from({ length: count }, (_, i) => `c${i}`);

  it('has everybody beside everybody in a small group', () => {
    const ring = new Ring(names(completeUpTo), completeUpTo - 1, repeatable(1).bytes(32), 'head');
    expect(ring.neighbours('c3')).toHaveLength(completeUpTo - 1);
    expect(ring.neighbours('c3')).not.toContain('c3');
    expect(ring.neighbours('nobody')).toEqual([]);
  });

  it('gives each member the degree, and both of a pair each other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 65, max: 200 }), fc.integer(), (count, seed) => {
        const { degree } = parametersFor(count);
        const members = names(count);
        const ring = new Ring(members, degree, repeatable(seed).bytes(32), 'head');
        for (const member of members) {
          const neighbours = ring.neighbours(member);
          expect(new Set(neighbours).size).toBe(degree);
          expect(neighbours).not.toContain(member);
          for (const other of neighbours) expect(ring.neighbours(other)).toContain(member);
        }
      }),
      { numRuns: 10 },
    );
  });

  it('is another one for another context and another vector', () => {
    const of = (seed: number, name: string) =>
      new Ring(names(100), 20, repeatable(seed).bytes(32), name).neighbours('c0').sort().join();
    expect(of(1, 'head')).toBe(of(1, 'head'));
    expect(of(1, 'head')).not.toBe(of(2, 'head'));
    expect(of(1, 'head')).not.toBe(of(1, 'blocks.0'));
  });
});
