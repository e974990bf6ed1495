import { describe, expect, it } from 'vitest';
import { ago, bytes, clock, milliseconds, percent, plural, rate, score, seconds } from './format.ts';

describe('format', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [28_123_456, '28.1 MB'],
    [999_600, '1.00 MB'],
    [123_456_789_012, '123 GB'],
  ])('bytes(%d) is %s', (n, text) => expect(bytes(n)).toBe(text));

  it.each([
    [-500, '0:00'],
    [1, '0:01'],
    [245_000, '4:05'],
    [3_723_000, '1:02:03'],
  ])('clock(%d) is %s', (ms, text) => expect(clock(ms)).toBe(text));

  it.each([
    [0.44, '0.4 s'],
    [59.6, '1 min'],
    [200, '3 min 20 s'],
    [7500, '2 h 5 min'],
  ])('seconds(%d) is %s', (value, text) => expect(seconds(value)).toBe(text));

  it.each([
    [0, '0'],
    [0.123456, '0.1235'],
    [1.5e-9, '1.50e-9'],
    [12.5, '12.5'],
    [4.2e7, '4.20e+7'],
  ])('score(%d) is %s', (value, text) => expect(score(value)).toBe(text));

  it.each([
    [0, '0 ms'],
    [0.0032, '3.20 µs'],
    [0.123, '0.123 ms'],
    [9.996, '10.0 ms'],
    [99.97, '100 ms'],
    [12.34, '12.3 ms'],
    [1234, '1.23 s'],
    [Number.NaN, '–'],
  ])('milliseconds(%d) is %s', (value, text) => expect(milliseconds(value)).toBe(text));

  it.each([
    [0.0123, 'GFLOP/s', '0.0123 GFLOP/s'],
    [859.4, 'GFLOP/s', '859 GFLOP/s'],
    [42_110, 'GFLOP/s', '42.1 TFLOP/s'],
    [1520, 'GB/s', '1.52 TB/s'],
    [Number.POSITIVE_INFINITY, 'GB/s', '–'],
    [-69.2, 'GB/s', '–'],
  ] as const)('rate(%d, %s) is %s', (value, unit, text) => expect(rate(value, unit)).toBe(text));

  it('writes shares, plurals and ages', () => {
    expect(percent(0.6321)).toBe('63.2 %');
    expect(plural(1, 'participant')).toBe('1 participant');
    expect(plural(1200, 'participant')).toBe('1,200 participants');
    expect(ago(0, 30_000)).toBe('just now');
    expect(ago(0, 3 * 60_000 + 5)).toBe('3 minutes ago');
    expect(ago(0, 86_400_000)).toBe('yesterday');
  });
});
