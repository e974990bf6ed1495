import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { longestFirst } from './hub/frame.ts';
import { createHuggingFaceTokenizer } from './hugging-face.ts';

const read = (file: string): unknown =>
  JSON.parse(readFileSync(new URL(`./fixtures/hub/${file}`, import.meta.url), 'utf8'));

const Ids = z.array(z.number().int());
/** Made by experiments/oracles/tokenizer-ids.py. */
const Reference = z.object({
  texts: z.array(z.object({ text: z.string(), ids: Ids })).min(20),
  cut: z.array(z.object({ text: z.string(), length: z.number(), ids: Ids })).min(1),
  pairs: z.array(
    z.object({ first: z.string(), second: z.string(), length: z.number(), ids: Ids, types: Ids }),
  ),
});
const open = (name: string, maxTokens = 1000) =>
  createHuggingFaceTokenizer(read(`${name}.tokenizer.json`), { maxTokens });

describe.each(['bert', 'roberta', 'gpt2', 'xlm-roberta'])('the tokenizer of %s', (name) => {
  const json = read(`${name}.tokenizer.json`);
  const { texts, cut } = Reference.parse(read(`${name}.ids.json`));
  const tokenizer = createHuggingFaceTokenizer(json, { maxTokens: 1000 });

  it.each(texts)('gives Python’s ids to $text', ({ text, ids }) => {
    expect([...tokenizer.encode(text)]).toEqual(ids);
  });

  it.each(cut)('cuts to $length tokens and keeps the special ones', ({ text, length, ids }) => {
    expect([...createHuggingFaceTokenizer(json, { maxTokens: length }).encode(text)]).toEqual(ids);
  });
});

describe.each(['bert', 'roberta', 'xlm-roberta'])('pairs of texts with the tokenizer of %s', (name) => {
  const { pairs } = Reference.parse(read(`${name}.ids.json`));

  it('has references that are cut and whole ones', () => {
    expect(new Set(pairs.map(({ length }) => length)).size).toBeGreaterThan(5);
  });

  it.each(pairs)('are Python’s within $length tokens: $first | $second', (pair) => {
    const found = open(name, pair.length).encodePair?.(pair.first, pair.second);
    expect([...(found?.ids ?? [])]).toEqual(pair.ids);
    expect([...(found?.segments ?? [])]).toEqual(pair.types);
  });

  it('of an empty second text keep its place', () => {
    const tokenizer = open(name);
    const specials = tokenizer.encodePair?.('', '').ids.length;
    expect(tokenizer.encodePair?.('a', '').ids.length).toBe(tokenizer.encode('a').length - 2 + specials!);
  });
});

it('GPT-2 has no form for pairs', () => {
  expect(open('gpt2').encodePair).toBeNull();
});

it('the older way to write BERT’s post-processor frames pairs alike', () => {
  const json = z.looseObject({}).parse(read('bert.tokenizer.json'));
  const older = createHuggingFaceTokenizer(
    { ...json, post_processor: { type: 'BertProcessing', sep: ['[SEP]', 3], cls: ['[CLS]', 2] } },
    { maxTokens: 12 },
  );
  expect(older.encodePair?.('the sea', 'the shells she sells')).toEqual(
    open('bert', 12).encodePair?.('the sea', 'the shells she sells'),
  );
});

describe('encodeDocument', () => {
  const words = fc.constantFrom('The', 'sea\n', 'shells,', '12.50', 'Größe', '日本', '\t', '', '\n\n', "I'm");
  const text = fc.array(words, { minLength: 1000, maxLength: 3000, size: 'max' }).map((all) => all.join(' '));
  const flat = (pieces: Iterable<Int32Array>) => [...pieces].flatMap((ids) => [...ids]);

  it.each([
    ['gpt2', 0],
    ['bert', 2],
    ['roberta', 2],
    ['xlm-roberta', 2],
  ])('%s: the pieces of a long text are the tokens of the whole, never cut', (name, specials) => {
    const [tokenizer, whole] = [open(name, 16), open(name, 1e9)];
    fc.assert(
      fc.property(text, (long) => {
        const pieces = [...tokenizer.encodeDocument(long)];
        expect(pieces.length).toBeGreaterThan(long.length / 2 ** 13);
        const ids = [...whole.encode(long)];
        expect(flat(pieces)).toEqual(specials === 0 ? ids : ids.slice(1, -1));
      }),
      { numRuns: 5 },
    );
  });

  it.each([
    ['reaches over a blank', 'bert', { content: 'fox jumps' }],
    ['takes the blanks behind it', 'gpt2', { content: 'fox', rstrip: true }],
  ])('an added token that %s is found where a piece would end', (_, name, change) => {
    const json = z
      .looseObject({ added_tokens: z.array(z.looseObject({})) })
      .parse(read(`${name}.tokenizer.json`));
    const { model } = z.object({ model: z.object({ vocab: z.record(z.string(), z.number()) }) }).parse(json);
    const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: false };
    const token = { id: Object.keys(model.vocab).length, ...flags, ...change };
    const tokenizer = createHuggingFaceTokenizer(
      { ...json, added_tokens: [...json.added_tokens, token] },
      { maxTokens: 1e9 },
    );
    for (let shift = 0; shift < 12; shift++) {
      const long = `${'x'.repeat(shift)}${' fox jumps'.repeat(1000)}`;
      const ids = [...tokenizer.encode(long)];
      expect(flat(tokenizer.encodeDocument(long))).toEqual(name === 'bert' ? ids.slice(1, -1) : ids);
    }
  });

  it('gives a text without blanks whole and an empty one no piece', () => {
    expect([...open('gpt2').encodeDocument('x'.repeat(2 ** 17))]).toHaveLength(1);
    expect([...open('gpt2').encodeDocument('')]).toEqual([]);
  });
});

describe('longestFirst', () => {
  it('any two lengths: fills the room, cuts the longer first, keeps what fits', () => {
    const length = fc.nat({ max: 60 });
    fc.assert(
      fc.property(length, length, length, (first, second, most) => {
        const [a, b] = longestFirst(first, second, most);
        expect(a + b).toBe(Math.min(first + second, most));
        expect([a <= first, b <= second, a >= 0, b >= 0]).toEqual([true, true, true, true]);
        // A text that lost tokens is at most one token shorter than the other.
        if (a < first) expect(a).toBeGreaterThanOrEqual(b - 1);
        if (b < second) expect(b).toBeGreaterThanOrEqual(a - 1);
      }),
    );
  });
});

describe('createHuggingFaceTokenizer', () => {
  it.each([
    ['nothing', null],
    ['another file', { vocab: {} }],
    [
      'a table that is cut off',
      {
        model: { type: 'Unigram', vocab: [['<unk>', 0]], unk_id: 0 },
        normalizer: { type: 'Precompiled', precompiled_charsmap: '/////w==' },
        pre_tokenizer: null,
        post_processor: null,
        decoder: null,
        added_tokens: [],
      },
    ],
    [
      'a post-processor with a token that is none of its own',
      {
        ...z.looseObject({}).parse(read('bert.tokenizer.json')),
        post_processor: {
          type: 'TemplateProcessing',
          single: [{ SpecialToken: { id: '[END]', type_id: 0 } }],
          pair: [],
          special_tokens: {},
        },
      },
    ],
    ['a model of another kind', { model: { type: 'Nonsense', vocab: [] } }],
  ])('refuses %s', (_, json) => {
    expect(() => createHuggingFaceTokenizer(json, { maxTokens: 8 })).toThrow(
      expect.objectContaining({ code: 'bad-model' }),
    );
  });
});
