import type { Dataset, LeftOut } from '@strata/fl-core/data';
import { expect, test } from 'vitest';
import { summarize } from './data-summary.ts';

const tokens = [3, 5, 4].map((length) => new Int32Array(length));
const none: Dataset = { kind: 'passages', tokens: [] };
const nothing: LeftOut = { problems: [], problemCount: 0, unknown: [] };

test('labelled samples are counted by label', () => {
  const data: Dataset = { kind: 'text', tokens, labels: Int32Array.of(1, 0, 1) };
  expect(summarize(data, { ...data, tokens: [], labels: new Int32Array() }, ['a', 'b'], nothing)).toEqual({
    samples: 3,
    heldOut: 0,
    content: { kind: 'labelled' },
    labels: ['a', 'b'],
    classCounts: [1, 2],
    problems: [],
    problemCount: 0,
    unknown: [],
    tables: [],
    pictures: null,
  });
});

test('a text counts for each of its labels, and for none where it has none', () => {
  const flags = Uint8Array.of(1, 1, 0, 0, 0, 1);
  const summary = summarize({ kind: 'label-sets', classes: 2, tokens, flags }, none, ['a', 'b'], nothing);
  expect(summary).toMatchObject({
    samples: 3,
    content: { kind: 'label-sets', unlabelled: 1 },
    classCounts: [1, 2],
  });
});

test('passages have a mean length and no classes', () => {
  const summary = summarize({ kind: 'passages', tokens }, none, [], nothing);
  expect(summary).toMatchObject({ samples: 3, content: { kind: 'passages', tokens: 4 }, classCounts: [] });
  expect(summarize(none, none, [], nothing).content).toEqual({ kind: 'passages', tokens: 0 });
});

test('what was left out is said with its place, unknown names with a guess', () => {
  const left: LeftOut = {
    problems: [
      { file: 'a.csv', line: 3, kind: 'empty', reason: 'has no text' },
      { file: 'b.txt', kind: 'broken', reason: 'cannot be read' },
    ],
    problemCount: 7,
    unknown: [
      { name: 'cats', count: 2 },
      { name: 'Hunde', count: 3, within: 'cat' },
      { name: 'misc', count: 1 },
    ],
  };
  const summary = summarize(none, none, ['cat', 'dog'], left);
  expect(summary.problems).toEqual([
    { file: 'a.csv, line 3', reason: 'has no text' },
    { file: 'b.txt', reason: 'cannot be read' },
  ]);
  expect(summary).toMatchObject({
    problemCount: 7,
    unknown: [
      { name: 'cats', suggestion: 'cat', within: null },
      { name: 'Hunde', suggestion: 'cat', within: 'cat' },
      { name: 'misc', suggestion: null, within: null },
    ],
  });
});
