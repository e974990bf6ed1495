import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { letters } from '../../testing.ts';
import { createHuggingFaceTokenizer } from '../../tokenizer/hugging-face.ts';
import {
  type RawDocuments,
  type RawPairs,
  type RawTextSamples,
  type TokenDatasetOptions,
  toTokenDataset,
} from './index.ts';

const options = { tokenizer: letters, model: 'Letters', maxTokens: 4, passage: 3 };
const tokens = async (raw: RawTextSamples, more: Partial<TokenDatasetOptions> = {}) => {
  const { dataset, ...leftOut } = await toTokenDataset(raw, { ...options, ...more });
  return { dataset, tokens: dataset.tokens.map((ids) => String.fromCharCode(...ids)), ...leftOut };
};

const hub = (name: string, maxTokens: number) =>
  createHuggingFaceTokenizer(
    JSON.parse(
      readFileSync(new URL(`../../tokenizer/fixtures/hub/${name}.tokenizer.json`, import.meta.url), 'utf8'),
    ),
    { maxTokens },
  );

const pairs: RawPairs = {
  kind: 'pairs',
  classes: ['yes', 'no'],
  texts: ['the sea', 'a dog'],
  seconds: ['the shells she sells are sea shells', 'the fox'],
  labels: Int32Array.of(1, 0),
};
const documents = (texts: readonly string[]): RawDocuments => ({
  kind: 'documents',
  texts,
  places: texts.map((_, i) => ({ file: `${i}.txt` })),
});

describe('toTokenDataset', () => {
  test('texts of one class and of several, cut to the maximum', async () => {
    const heldOut = Uint8Array.of(0, 1);
    const texts = ['abcdef', 'x'];
    const one = await tokens({
      kind: 'text',
      classes: ['a', 'b'],
      texts,
      labels: Int32Array.of(1, 0),
      heldOut,
    });
    expect(one.tokens).toEqual(['abcd', 'x']);
    expect(one.dataset).toMatchObject({ kind: 'text', labels: Int32Array.of(1, 0), heldOut });
    const flags = Uint8Array.of(1, 1, 0, 0, 0, 1);
    const several = await tokens({ kind: 'label-sets', classes: ['a', 'b', 'c'], texts, flags, heldOut });
    expect(several.tokens).toEqual(['abcd', 'x']);
    expect(several.dataset).toMatchObject({ kind: 'label-sets', classes: 3, flags, heldOut });
    expect([one.problemCount, several.problemCount]).toEqual([0, 0]);
  });

  test('pairs, as long as their segments', async () => {
    const { dataset } = await tokens(pairs, { tokenizer: hub('bert', 12), maxTokens: 12 });
    if (dataset.kind !== 'text') throw new Error('texts are expected');
    expect(dataset.labels).toEqual(pairs.labels);
    expect(dataset.tokens[0]).toHaveLength(12);
    dataset.segments?.forEach((segments, i) => {
      expect(segments).toHaveLength(dataset.tokens[i]!.length);
      // First text, second text, nothing behind.
      expect([...segments].join('')).toMatch(/^0+1+$/);
    });
    expect(dataset.segments).toHaveLength(2);
  });

  test.each([
    ['GPT-2', hub('gpt2', 12)],
    ['Universal Sentence Encoder Lite', letters],
  ])('pairs are refused for %s, whose tokenizer has no form for them', async (model, tokenizer) => {
    await expect(tokens(pairs, { tokenizer, model })).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringContaining(model),
      hint: expect.stringContaining('BERT'),
    });
  });

  test('documents are not cut, but made into passages with the end of text behind each', async () => {
    const found = await tokens(documents(['abcdefg', 'xy']), { endOfText: 46 });
    expect(found.tokens).toEqual(['abc', 'cde', 'efg', 'g.', 'xy.']);
    expect(found.dataset.kind).toBe('passages');
    expect((await tokens(documents(['abcdefg', 'xy']))).tokens).toEqual(['abc', 'cde', 'efg', 'xy']);
  });

  test('passages are no longer than the model takes', async () => {
    const { dataset } = await tokens(documents(['abcdefghijklm']), { passage: 128 });
    expect(dataset.tokens.map(({ length }) => length)).toEqual([4, 4, 4, 4]);
  });

  test('documents of one token, and those beyond the limit, are problems', async () => {
    const { tokens: found, problems } = await tokens(documents(['ab', 'x', 'cdefg', 'hi', 'jk']), {
      limits: { tokens: 6 },
    });
    expect(found).toEqual(['ab', 'cde']);
    expect(problems).toEqual([
      { file: '1.txt', kind: 'empty', reason: 'has fewer than two tokens: there is no next one' },
      {
        file: '2.txt',
        kind: 'too-many',
        reason:
          'only the first 6 tokens of all texts are used: the rest of this one and 2 after it are left out',
      },
    ]);
  });

  test('tells how far it is, gives others their turn, and ends with what the listener throws', async () => {
    const slow = {
      ...letters,
      *encodeDocument(text: string) {
        for (const piece of letters.encodeDocument(text)) {
          const begin = performance.now();
          while (performance.now() - begin < 30);
          yield piece;
        }
      },
    };
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 1);
    const told: number[] = [];
    await tokens(documents(['abcdefghijklmnopqr', 'stu']), {
      tokenizer: slow,
      onProgress: (done, all) => told.push(done / all),
    });
    clearInterval(timer);
    expect(told.length).toBeGreaterThan(2);
    expect(told.at(-1)).toBe(1);
    expect([...told].sort((a, b) => a - b)).toEqual(told);
    expect(turns).toBeGreaterThan(1);
    const cancelled = tokens(documents(['abcdefghi']), {
      tokenizer: slow,
      onProgress: () => {
        throw new Error('cancelled');
      },
    });
    await expect(cancelled).rejects.toThrow('cancelled');
  });
});
