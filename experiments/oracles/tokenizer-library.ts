/**
 * Which components of a tokenizer.json give other results than Python: the JavaScript library by itself, and this
 * project's (packages/fl-core/src/data/tokenizer/hub), as a table.
 *
 *     npx tsx experiments/oracles/tokenizer-library.ts
 */

import { readFileSync } from 'node:fs';
import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { normalizerOf } from '../../packages/fl-core/src/data/tokenizer/hub/normalizers.ts';
import { Normalizer, PreTokenizer } from '../../packages/fl-core/src/data/tokenizer/hub/parts.ts';
import { preTokenizerOf } from '../../packages/fl-core/src/data/tokenizer/hub/pre-tokenizers.ts';
import { createHuggingFaceTokenizer } from '../../packages/fl-core/src/data/tokenizer/hugging-face.ts';

const fixtures = new URL(
  '../../packages/fl-core/src/data/tokenizer/fixtures/components.json',
  import.meta.url,
);
const Rows = <T extends z.ZodType>(row: T) => z.record(z.string(), row);
const Ids = z.array(z.array(z.number()));
const python = z
  .object({
    texts: z.array(z.string()),
    normalizers: Rows(z.object({ json: z.looseObject({}), texts: z.array(z.string()) })),
    preTokenizers: Rows(z.object({ json: z.looseObject({}), texts: z.array(z.array(z.string())) })),
    modelTexts: z.array(z.string()),
    models: Rows(z.object({ json: z.looseObject({}), ids: Ids })),
    bert: z.looseObject({}),
    addedTexts: z.array(z.string()),
    added: Rows(z.object({ tokens: z.array(z.looseObject({})), ids: Ids })),
  })
  .parse(JSON.parse(readFileSync(fixtures, 'utf8')));

const empty = {
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: null,
  post_processor: null,
  decoder: null,
  model: { type: 'BPE', vocab: {}, merges: [] },
};
const library = (parts: object): Tokenizer => new Tokenizer({ ...empty, ...parts }, {});

/** How many of the texts come out otherwise; or that it is refused. */
function differing<T>(
  texts: readonly string[],
  wanted: readonly T[],
  open: () => (text: string) => T,
): string {
  try {
    const of = open();
    const bad = texts.filter((text, i) => JSON.stringify(of(text)) !== JSON.stringify(wanted[i])).length;
    return bad === 0 ? 'equal' : `${bad} of ${texts.length} differ`;
  } catch (error) {
    return `refused (${error instanceof Error ? error.message.slice(0, 60) : String(error)})`;
  }
}

const rows: string[][] = [];
for (const [name, { json, texts }] of Object.entries(python.normalizers)) {
  rows.push([
    `normalizer ${name}`,
    differing(python.texts, texts, () => {
      const { normalizer } = library({ normalizer: json });
      return (text) => normalizer?.normalize(text) ?? text;
    }),
    differing(python.texts, texts, () => normalizerOf(Normalizer.parse(json))),
  ]);
}
for (const [name, { json, texts }] of Object.entries(python.preTokenizers)) {
  rows.push([
    `pre-tokenizer ${name}`,
    differing(python.texts, texts, () => {
      const { pre_tokenizer: divider } = library({ pre_tokenizer: json });
      return (text) => (text === '' ? [] : (divider?.pre_tokenize(text, { section_index: 0 }) ?? []));
    }),
    differing(python.texts, texts, () => {
      const divide = preTokenizerOf(PreTokenizer.parse(json));
      return (text) => (text === '' ? [] : divide([{ text, first: true }]).map((piece) => piece.text));
    }),
  ]);
}
const wholes = [
  ...Object.entries(python.models).map(
    ([name, { json, ids }]) => [`model ${name}`, json, python.modelTexts, ids] as const,
  ),
  ...Object.entries(python.added).map(
    ([name, { tokens, ids }]) =>
      [`added tokens ${name}`, { ...python.bert, added_tokens: tokens }, python.addedTexts, ids] as const,
  ),
];
for (const [name, json, texts, ids] of wholes) {
  rows.push([
    name,
    differing(texts, ids, () => {
      const tokenizer = library(json);
      return (text) => tokenizer.encode(text).ids;
    }),
    differing(texts, ids, () => {
      const tokenizer = createHuggingFaceTokenizer(json, { maxTokens: 10_000 });
      return (text) => [...tokenizer.encode(text)];
    }),
  ]);
}
console.log('| component | library | Strata |\n| --- | --- | --- |');
for (const row of rows) console.log(`| ${row.join(' | ')} |`);
