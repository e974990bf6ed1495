import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { partitionByDomain } from './domain.ts';
import { range, seeds, union } from './testing.ts';

const domainsOf = (part: readonly number[], domains: readonly number[]) =>
  new Set(part.map((i) => domains[i]));

describe('partitionByDomain', () => {
  const three = range(90).map((i) => Math.floor(i / 30));

  test('as many parts as domains: one domain a part', () => {
    const parts = partitionByDomain(three, 3, 1);
    expect(parts.map((p) => [...domainsOf(p, three)])).toEqual([[0], [1], [2]]);
  });

  test('fewer parts than domains: the domains are dealt out whole', () => {
    const parts = partitionByDomain(three, 2, 1);
    expect(parts.map((p) => [...domainsOf(p, three)])).toEqual([[0, 2], [1]]);
  });

  test('more parts than domains: a domain is split evenly and at random', () => {
    const parts = partitionByDomain(three, 7, 1);
    expect(parts.map((p) => p.length)).toEqual([10, 15, 15, 10, 15, 15, 10]);
    expect(parts[0]).not.toEqual(partitionByDomain(three, 7, 2)[0]);
  });

  test('any number of parts: every index once, at most one domain a part where parts suffice', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), seeds, (count, seed) => {
        const parts = partitionByDomain(three, count, seed);
        expect(union(parts)).toEqual(range(90));
        expect(parts).toHaveLength(count);
        expect(Math.min(...parts.map((p) => p.length))).toBeGreaterThan(0);
        if (count >= 3) for (const p of parts) expect(domainsOf(p, three).size).toBe(1);
      }),
    );
  });

  test('refuses more parts than a domain can fill', () => {
    expect(() => partitionByDomain([0, 1, 1, 1, 1], 4, 1)).toThrow(/1 samples cannot be split into 2 parts/);
  });
});
