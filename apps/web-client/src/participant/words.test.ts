import { describe, expect, it } from 'vitest';
import { fractionOf, remaining, stepOf } from './words.ts';

describe('remaining', () => {
  it.each([
    [null, ''],
    [0, ''],
    [4_000, 'a few seconds'],
    [34_000, 'about 30 seconds'],
    [89_000, 'about 90 seconds'],
    [100_000, 'about 2 minutes'],
    [4_000_000, 'more than an hour'],
  ])('%s ms: "%s"', (ms, text) => {
    expect(remaining(ms === null ? null : 1000 + ms, 1000)).toBe(text);
  });
});

it('says which step of the round is on, and how far', () => {
  const training = { kind: 'training', round: 1, fraction: 0.4, loss: null } as const;
  expect(stepOf(training)).toBe(2);
  expect(fractionOf(training)).toBe(0.4);
  const waiting = { kind: 'waiting', reason: 'others', round: 1, until: null, message: '' } as const;
  expect(stepOf(waiting)).toBeNull();
  expect(fractionOf(waiting)).toBeNull();
});
