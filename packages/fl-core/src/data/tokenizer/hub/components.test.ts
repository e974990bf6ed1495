// @module-tag long
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createHuggingFaceTokenizer } from '../hugging-face.ts';
import { runsOf } from './characters.ts';
import { normalizerOf } from './normalizers.ts';
import { Normalizer, PreTokenizer } from './parts.ts';
import { preTokenizerOf } from './pre-tokenizers.ts';

const Ids = z.array(z.number());
const Named = <T extends z.ZodType>(row: T) => z.record(z.string(), row);

/** What Python gives: experiments/oracles/tokenizer-components.py. */
const python = z
  .object({
    texts: z.array(z.string()).min(20),
    normalizers: Named(z.object({ json: Normalizer, texts: z.array(z.string()) })),
    preTokenizers: Named(z.object({ json: PreTokenizer, texts: z.array(z.array(z.string())) })),
    modelTexts: z.array(z.string()),
    models: Named(z.object({ json: z.looseObject({}), ids: z.array(Ids) })),
    bert: z.looseObject({}),
    addedTexts: z.array(z.string()),
    added: Named(z.object({ tokens: z.array(z.looseObject({})), ids: z.array(Ids) })),
    pairs: z.array(z.tuple([z.string(), z.string()])),
    processors: Named(
      z.object({
        json: z.unknown(),
        single: Ids,
        pairs: z.array(z.object({ ids: Ids, types: Ids })),
      }),
    ),
    template: z.looseObject({}),
    cut: Named(z.object({ single: Ids, pair: Ids, types: Ids })),
    assigned: z.string(),
    every: Named(z.object({ json: z.unknown(), pieces: z.boolean().default(false), sha256: z.string() })),
  })
  .parse(JSON.parse(readFileSync(new URL('../fixtures/components.json', import.meta.url), 'utf8')));

const open = (json: object, maxTokens = 1000) => createHuggingFaceTokenizer(json, { maxTokens });

describe.each(Object.entries(python.normalizers))('the normalizer %s', (_, { json, texts }) => {
  const normalize = normalizerOf(json);

  it.each(python.texts.map((text, i) => ({ text, wanted: texts[i]! })))(
    'gives Python’s text for $text',
    ({ text, wanted }) => {
      expect(normalize(text)).toBe(wanted);
    },
  );
});

describe.each(Object.entries(python.preTokenizers))('the pre-tokenizer %s', (_, { json, texts }) => {
  const divide = preTokenizerOf(json);

  it.each(python.texts.map((text, i) => ({ text, wanted: texts[i]! })))(
    'gives Python’s pieces of $text',
    ({ text, wanted }) => {
      const pieces = text === '' ? [] : divide([{ text, first: true }]);
      expect(pieces.map((piece) => piece.text)).toEqual(wanted);
    },
  );
});

describe.each(Object.entries(python.models))('the model %s', (_, { json, ids }) => {
  const tokenizer = open(json);

  it.each(python.modelTexts.map((text, i) => ({ text, wanted: ids[i]! })))(
    'gives Python’s ids to $text',
    ({ text, wanted }) => {
      expect([...tokenizer.encode(text)]).toEqual(wanted);
    },
  );
});

describe.each(Object.entries(python.added))('added tokens %s', (_, { tokens, ids }) => {
  const tokenizer = open({ ...python.bert, added_tokens: tokens });

  it.each(python.addedTexts.map((text, i) => ({ text, wanted: ids[i]! })))(
    'are found in $text where Python finds them',
    ({ text, wanted }) => {
      expect([...tokenizer.encode(text)]).toEqual(wanted);
    },
  );
});

describe.each(Object.entries(python.processors))('the post-processor %s', (_, { json, single, pairs }) => {
  const tokenizer = open({ ...python.bert, post_processor: json });

  it('puts around a text what Python puts', () => {
    expect([...tokenizer.encode(python.pairs[0]![0])]).toEqual(single);
  });

  it('puts around two texts what Python puts, or has no form for two', () => {
    if (tokenizer.encodePair === null) {
      // Python puts nothing between them, so that nobody could tell where the second begins.
      expect(pairs[0]?.ids).toHaveLength(single.length + pairs[2]!.ids.length);
      return;
    }
    for (const [i, [first, second]] of python.pairs.entries()) {
      const { ids, segments } = tokenizer.encodePair(first, second);
      expect({ ids: [...ids], types: [...segments] }).toEqual(pairs[i]);
    }
  });
});

it.each(Object.entries(python.cut))(
  'texts that are too long lose their end, or beginning: %s',
  (direction, wanted) => {
    const tokenizer = open(
      { ...python.bert, post_processor: python.template, truncation: { direction, max_length: 6 } },
      6,
    );
    expect([...tokenizer.encode('the quick spaces and')]).toEqual(wanted.single);
    const pair = tokenizer.encodePair?.('the quick spaces', 'and the end');
    expect([...(pair?.ids ?? [])]).toEqual(wanted.pair);
    expect([...(pair?.segments ?? [])]).toEqual(wanted.types);
  },
);

describe('every character of Unicode 14', () => {
  const letters = runsOf(python.assigned).flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, i) => `a${String.fromCodePoint(first + i)}b`),
  );

  it.each(Object.entries(python.every))(
    'becomes what Python makes of it by %s',
    (_, { json, pieces, sha256 }) => {
      const divide = (text: string) =>
        preTokenizerOf(PreTokenizer.parse(json))([{ text, first: true }])
          .map((piece) => piece.text)
          .join('|');
      const of = pieces ? divide : normalizerOf(Normalizer.parse(json));
      const hash = createHash('sha256').update(letters.map(of).join('\n')).digest('hex');
      expect(hash).toBe(sha256);
    },
  );
});
