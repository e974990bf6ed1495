import { describe, expect, test } from 'vitest';
import { listLabels, matchLabels, readLabels, suggestLabel } from './labels.ts';

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

describe('signs and numbers', () => {
  test.each([
    [
      ['+1', '-1'],
      ['1', '+1', '-1', '−1', '+1.0', '-1,0'],
      [0, 0, 1, 1, 0, 1],
    ],
    [
      ['-1', '0'],
      ['1', '+1', '-1.0', '0.0', '-0'],
      [undefined, undefined, 0, 1, 1],
    ],
    [
      ['1', '10'],
      ['1.0', '01', '1,0', '10.0', '1,000', '0.1'],
      [0, 0, 0, 1, undefined, undefined],
    ],
    [
      ['A', 'A-', 'A+'],
      ['a', 'a-', 'A +', 'A−'],
      [0, 1, undefined, 1],
    ],
    [
      ['class 1', 'class -1'],
      ['class-1', 'class_1', 'class -1'],
      [0, 0, 1],
    ],
    [
      ['C', 'C++', 'C#'],
      ['c', 'c++', 'C#', 'C+'],
      [0, 1, 2, undefined],
    ],
  ])('of %s, %s are %s', (labels, names, classes) => {
    expect(names.map(matchLabels(labels))).toEqual(classes);
  });

  test.each([
    ['1.0', ['0', '10']],
    ['1', ['-1', '0']],
    ['A-', ['A', 'A+', 'B']],
    ['class 1', ['class 10', 'class 2']],
    ['100', ['1000', '10']],
    ['C++', ['C', 'Cobol']],
  ])('"%s" suggests none of %s', (name, labels) => {
    expect(suggestLabel(name, labels)).toBeNull();
  });
});

test('listLabels names a dozen and counts the rest', () => {
  expect(listLabels(['a', 'b'])).toBe('"a", "b"');
  expect(listLabels(Array.from({ length: 20 }, (_, i) => `c${i}`))).toMatch(/"c11" and 8 more$/);
});

test('readLabels: the run first, then what the person said', () => {
  const mapping = new Map([
    ['kitty', 'Cat'],
    ['horse', null],
    ['dog', 'cat'],
    ['fish', 'shark'],
  ]);
  const meaning = readLabels(['cat', 'dog'], mapping);
  expect(['CAT', 'kitty', 'horse', 'dog', 'fish', 'bird', 'constructor'].map(meaning)).toEqual([
    0,
    0,
    'left-out',
    1,
    undefined,
    undefined,
    undefined,
  ]);
});

test.each([
  ['cats', 'cat'],
  ['Cat photos', 'cat'],
  ['cafe', 'Café'],
  ['T Shirts!', 't-shirt'],
  ['barn', 'barn owl'],
  ['dog', null],
  ['', null],
  ['c', null],
  ['sea', null], // seal or sea lion?
])('suggestLabel: "%s" may mean %s', (name, label) => {
  expect(suggestLabel(name, ['cat', 'Café', 't-shirt', 'barn owl', 'seal', 'sea lion'])).toBe(label);
});
