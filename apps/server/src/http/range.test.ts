import { describe, expect, it } from 'vitest';
import { parseRange } from './range.ts';

describe('parseRange (RFC 9110, 14.1.2)', () => {
  it.each([
    [undefined, 'whole'],
    ['bytes=0-499', { start: 0, end: 499 }],
    ['bytes=500-', { start: 500, end: 999 }],
    ['bytes=-300', { start: 700, end: 999 }],
    ['bytes=-5000', { start: 0, end: 999 }],
    ['bytes=990-2000', { start: 990, end: 999 }],
    ['bytes=1000-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=5-4', 'whole'],
    ['bytes=0-1,5-6', 'whole'],
    ['items=0-1', 'whole'],
    ['bytes=-', 'whole'],
  ])('%s', (header, wanted) => {
    expect(parseRange(header, 1000)).toEqual(wanted);
  });
});
