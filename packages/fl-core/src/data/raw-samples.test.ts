import { describe, expect, test } from 'vitest';
import { pickRaw, type RawTexts, withClasses } from './raw-samples.ts';
import { sampleShard } from './sample-shard.ts';
import { range, union } from './testing.ts';

const raw: RawTexts = {
  kind: 'text',
  classes: ['cat', 'dog', 'owl'],
  texts: ['a', 'b', 'c', 'd'],
  labels: Int32Array.of(0, 1, 2, 1),
  heldOut: Uint8Array.of(0, 0, 1, 1),
};

test('pickRaw takes every field of the samples asked for', () => {
  expect(pickRaw(raw, [3, 0])).toEqual({
    ...raw,
    texts: ['d', 'a'],
    labels: Int32Array.of(1, 0),
    heldOut: Uint8Array.of(1, 0),
  });
});

test('withClasses renumbers by name and leaves out what the run does not have', () => {
  const run = withClasses(raw, ['Owl', 'fish', 'dog']);
  expect(run.texts).toEqual(['b', 'c', 'd']);
  expect([...run.labels]).toEqual([2, 0, 2]);
  expect(run.classes).toEqual(['Owl', 'fish', 'dog']);
  expect([...(run.heldOut ?? [])]).toEqual([0, 1, 1]);
});

describe('sampleShard', () => {
  const many: RawTexts = {
    kind: 'text',
    classes: ['x', 'y', 'z'],
    texts: range(300).map(String),
    labels: Int32Array.from(range(300), (i) => i % 3),
  };
  const numbers = (shard: RawTexts) => shard.texts.map(Number);

  test('the shards of one seed are disjoint and together the whole', () => {
    expect(union(range(5).map((i) => numbers(sampleShard(many, i, 5, 9))))).toEqual(range(300));
  });

  test('domains are kept apart', () => {
    const domains = Int32Array.from(range(300), (i) => (i < 100 ? 0 : 1));
    const shards = range(2).map((i) => sampleShard({ ...many, domains }, i, 2, 9));
    expect(shards.map((s) => new Set(s.domains))).toEqual([new Set([0]), new Set([1])]);
  });

  test.each([-1, 5, 1.5])('refuses shard %s of 5', (index) => {
    expect(() => sampleShard(many, index, 5, 9)).toThrow(RangeError);
  });
});
