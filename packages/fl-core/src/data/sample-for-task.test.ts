import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadSample } from './load-sample.ts';
import type { RawImages, RawTexts } from './raw-samples.ts';
import { sampleForTask } from './sample-for-task.ts';
import { letters, range } from './testing.ts';
import { toTokenDataset } from './texts/forms/index.ts';

const raw: RawTexts = {
  kind: 'text',
  classes: ['cat', 'dog', 'owl'],
  texts: range(90).map((i) => `text ${i}`),
  labels: Int32Array.from(range(90), (i) => i % 3),
};
const part = (task: Parameters<typeof sampleForTask>[1]['task'], labels: readonly string[], shard = 0) =>
  sampleForTask(raw, { task, labels, shard, of: 3, seed: 5 });

describe('sampleForTask', () => {
  test('the classes of the run, before parts are made', () => {
    const parts = range(3).map((shard) => part('classification', ['Owl', 'cat'], shard));
    expect(parts.map(({ kind }) => kind)).toEqual(['text', 'text', 'text']);
    const texts = parts.flatMap((p) => (p.kind === 'text' ? [...p.texts] : []));
    expect(texts).toHaveLength(60);
    for (const p of parts) {
      if (p.kind !== 'text') throw new Error('texts are expected');
      expect(p.texts.length).toBeGreaterThan(0);
      p.texts.forEach((text, i) => {
        expect(['owl', 'cat'][p.labels[i]!]).toBe(raw.classes[Number(text.slice(5)) % 3]);
      });
    }
  });

  test('several labels: each text has its one', () => {
    const sets = part('multi-label', ['dog', 'cat', 'owl']);
    if (sets.kind !== 'label-sets') throw new Error('label sets are expected');
    sets.texts.forEach((text, i) => {
      const wanted = raw.classes[Number(text.slice(5)) % 3];
      expect(['dog', 'cat', 'owl'].filter((_, c) => sets.flags[i * 3 + c] === 1)).toEqual([wanted]);
    });
  });

  test('next tokens: the same parts without labels', () => {
    const parts = range(3).map((shard) => part('next-token', [], shard));
    const classified = range(3).map((shard) => part('classification', raw.classes, shard));
    const texts = (p: (typeof parts)[number]) => ('texts' in p ? p.texts : []);
    expect(parts.map(texts)).toEqual(classified.map(texts));
    expect(parts.flatMap(texts)).toHaveLength(90);
    expect(parts.every((p) => !('labels' in p))).toBe(true);
  });

  test('what the sample has nothing for is refused', () => {
    const images: RawImages = { kind: 'image', classes: ['a', 'b'], images: [], labels: new Int32Array() };
    expect(() => part('sequence-pair', ['cat', 'dog'])).toThrow(/single texts/);
    expect(() => sampleForTask(images, { task: 'next-token', labels: [], shard: 0, of: 1, seed: 1 })).toThrow(
      expect.objectContaining({ code: 'bad-config' }),
    );
  });

  test('the real WordNet sample gives passages that end in the end of text', async () => {
    const wordnet = await loadSample('wordnet', {
      fetch: async (path) => readFileSync(new URL(`../../../../samples/${path}`, import.meta.url)),
      decodeImage: () => Promise.reject(new Error('no pictures here')),
    });
    const mine = sampleForTask(wordnet, { task: 'next-token', labels: [], shard: 1, of: 4, seed: 1 });
    if (mine.kind !== 'documents') throw new Error('documents are expected');
    const { dataset, problemCount } = await toTokenDataset(mine, {
      tokenizer: letters,
      model: 'Letters',
      maxTokens: 64,
      passage: 32,
      endOfText: 3,
    });
    expect(problemCount).toBe(0);
    const ends = dataset.tokens.filter((ids) => ids.at(-1) === 3).length;
    expect(ends).toBe(mine.texts.length);
    expect(mine.texts.length).toBeGreaterThan(500);
    expect(dataset.tokens.every(({ length }) => length >= 2 && length <= 32)).toBe(true);
  });
});
