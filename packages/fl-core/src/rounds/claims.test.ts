import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedClaims, countedHeldOut, countedSamples } from './claims.ts';
import { testConfig } from './testing/config.ts';

const withCap = (weightCap: number | null) => testConfig({ aggregation: { weightCap } });
const member = (client: string, samples: number, claimed: number | null = samples) => ({
  client,
  samples,
  claimed,
});
const counts = (cap: number | null, members: ReturnType<typeof member>[]) =>
  [...countedSamples(withCap(cap), members).values()].map((c) => c.counted);
const most = 1_000_000_000;
const claim = fc.integer({ min: 1, max: most });

describe('samples that count', () => {
  it('are at most those declared when the round opened, and at most the cap over the lower median', () => {
    const three = [member('a', 10, most), member('b', 20), member('c', 30, 15)];
    expect(counts(3, three)).toEqual([10, 20, 15]);
    expect(counts(3, [member('a', most), member('b', 20), member('c', 30)])).toEqual([90, 20, 30]);
    expect(counts(1, [member('a', most), member('b', 20)])).toEqual([20, 20]);
    expect(counts(null, [member('a', most), member('b', 20)])).toEqual([most, 20]);
    expect(counts(3, [member('a', 7)])).toEqual([7]);
    expect(counts(3, [])).toEqual([]);
  });

  it('leave an honest site of ten times the median a quarter of the weight of ten, where it had 53 %', () => {
    const sites = Array.from({ length: 10 }, (_, i) => member(`c${i}`, i === 0 ? 1000 : 100));
    const share = ([first = 0, ...rest]: number[]) => first / rest.reduce((a, b) => a + b, first);
    expect(share(counts(3, sites))).toBeCloseTo(0.25, 12);
    expect(share(counts(null, sites))).toBeCloseTo(1000 / 1900, 12);
  });

  it('one of n, whatever it declares and claims, weighs at most c / (c + floor(n / 2))', () => {
    const cohort = fc.array(fc.tuple(claim, claim), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(cohort, fc.double({ min: 1, max: 20, noNaN: true }), (claims, cap) => {
        const counted = counts(
          cap,
          claims.map(([declared, claimed], i) => member(`c${i}`, declared, claimed)),
        );
        const total = counted.reduce((a, b) => a + b, 0);
        const bound = cap / (cap + Math.floor(claims.length / 2));
        for (const [i, c] of counted.entries()) {
          expect(c).toBeLessThanOrEqual(Math.min(...claims[i]!));
          expect(c).toBeGreaterThanOrEqual(1);
          expect(c / total).toBeLessThanOrEqual(bound + 1e-12); // so it moves a mean by as much of its range
        }
      }),
    );
  });

  it('fewer than 1 / (1 + c) of equal clients never outweigh the others', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.nat(20), claim, (hostile, more, honest) => {
        const cap = 3;
        const n = cap * hostile + 1 + more;
        const members = [
          ...Array.from({ length: hostile }, (_, i) => member(`h${i}`, most)),
          ...Array.from({ length: n }, (_, i) => member(`z${i}`, honest)),
        ];
        const counted = counts(cap, members);
        const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
        expect(sum(counted.slice(0, hostile))).toBeLessThan(sum(counted.slice(hostile)));
      }),
    );
  });

  it('held out: the same bounds, of those who evaluated; who held nothing out counts for nothing', () => {
    const evaluated = (client: string, heldOut: number, samples: number) => ({
      client,
      heldOut,
      evaluation: { loss: 1, accuracy: 1, samples },
    });
    const cohort = [
      evaluated('a', 4, most),
      evaluated('b', 40, 40),
      evaluated('c', 0, 0),
      evaluated('d', most, most),
      { client: 'e', heldOut: 9, evaluation: null },
    ];
    const counted = countedHeldOut(withCap(3), cohort);
    expect([...counted].map(([id, { counted }]) => [id, counted])).toEqual([
      ['a', 4],
      ['b', 40],
      ['c', 0],
      ['d', 120],
    ]);
  });
});

describe('the log', () => {
  it('names who is bounded, with both numbers and why', () => {
    const config = withCap(3);
    const say = (members: ReturnType<typeof member>[]) =>
      boundedClaims(config, countedSamples(config, members), 'training samples');
    expect(say([member('a', 10), member('b', 20)])).toBeNull();
    expect(say([member('a', 10, most), member('b', 20), member('c', 100)])).toEqual({
      level: 'warning',
      message:
        'Not all training samples that were claimed count: a claims 1000000000 and 10 count, as declared when the round opened; c claims 100 and 60 count, 3 times the median of the cohort.',
    });
    expect(say([member('a', 10), member('b', 20), member('c', 100)])?.level).toBe('info');
    expect(say(Array.from({ length: 9 }, (_, i) => member(`c${i}`, 1, 2)))?.message).toMatch(
      /; and 4 more\.$/,
    );
  });
});
