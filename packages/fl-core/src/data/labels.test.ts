import { describe, expect, test } from 'vitest';
import { listLabels, matchLabels } from './labels.ts';

describe('matchLabels', () => {
  const match = matchLabels(['Animal', 'sky or weather', 'T-shirt', 'Café']);

  test.each([
    ['Animal', 0],
    [' animal ', 0],
    ['ANIMAL', 0],
    ['sky_or_weather', 1],
    ['Sky-or  Weather', 1],
    ['t_shirt', 2],
    ['cafe\u0301', 3],
    ['', undefined],
    ['animals', undefined],
    ['toString', undefined],
  ])('"%s" is class %s', (text, index) => {
    expect(match(text)).toBe(index);
  });

  test('labels that differ in case only are matched exactly or not at all', () => {
    const either = matchLabels(['US', 'us', 'them']);
    expect([either('US'), either('us'), either('Us'), either('THEM')]).toEqual([0, 1, undefined, 2]);
  });
});

test('listLabels names a dozen and counts the rest', () => {
  expect(listLabels(['a', 'b'])).toBe('"a", "b"');
  expect(listLabels(Array.from({ length: 20 }, (_, i) => `c${i}`))).toMatch(/"c11" and 8 more$/);
});
